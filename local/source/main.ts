import { parseArgs } from "node:util";
import { createEventModel, defaultModel } from "./event-model.ts";
import { startStreamServer } from "./stream-server.ts";

const usage = `Simulated EventStreams on loopback.
  node local/source/main.ts [--port N] [--rate EVENTS_PER_SECOND] [--seed TEXT] [--history SECONDS] [--connection SECONDS]
  node local/source/main.ts --print FROM TO      events of those seconds (since the epoch) as NDJSON, then exit
  node local/source/main.ts --labels FROM TO     what the planned ones among them are: {"event_id","label"}, then exit
Faults: POST /_control/faults {"fault":"cut-mid-event","times":1}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", default: "0" },
    rate: { type: "string", default: "35" },
    seed: { type: "string", default: "wikilake" },
    history: { type: "string", default: String(7 * 86_400) },
    connection: { type: "string", default: String(15 * 60) },
    print: { type: "boolean", default: false },
    labels: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(usage);
} else if (values.labels) {
  const model = createEventModel(defaultModel(values.seed, Number(values.rate)));
  const [from, to] = positionals.map(Number);
  for (let second = from ?? 0; second < (to ?? 0); second += 1)
    for (const [event_id, label] of model.labelsOf(second))
      process.stdout.write(`${JSON.stringify({ event_id, label })}\n`);
} else if (values.print) {
  const model = createEventModel(defaultModel(values.seed, Number(values.rate)));
  const [from, to] = positionals.map(Number);
  for (let second = from ?? 0; second < (to ?? 0); second += 1)
    for (const event of model.eventsOf(second)) process.stdout.write(`${event.data}\n`);
} else {
  const server = await startStreamServer({
    model: createEventModel(defaultModel(values.seed, Number(values.rate))),
    port: Number(values.port),
    retentionMs: Number(values.history) * 1000,
    connectionMs: Number(values.connection) * 1000,
    maxConnections: 2,
  });
  console.log(JSON.stringify({ code: "source-listening", url: server.url }));
  // A forked parent learns the address by message, and this process does not outlive it.
  process.send?.({ url: server.url });
  process.on("disconnect", () => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => void server.close().then(() => process.exit(0)));
}
