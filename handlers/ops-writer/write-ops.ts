import { createHash } from "node:crypto";
import type { KafkaRecord } from "../../lib/core/kafka-record.ts";
import { type PartialFailures, parseMskEvent, partialFailures } from "../../lib/core/msk-event.ts";
import { type OpsRecord, opsRecordSchema } from "../../lib/core/ops-record.ts";
import { commitMarkers } from "../../lib/lake/commit-loop.ts";
import { stageOps } from "../../lib/lake/ops-batch.ts";
import type { OpsWriterDeps } from "./deps.ts";

const inboxPrefix = "ops-inbox/";
/** What is no ops row is kept here, for a person: nothing is dropped because it was written badly. */
const refusedPrefix = "ops-refused/";
/** Objects of one call: more wait for the next minute. 2,000 rows are one small statement. */
const maxInboxObjects = 1000;

/** One batch of ops-events. Rows are recognised by their keys: a redelivery changes nothing. */
export async function writeOpsEvent(deps: OpsWriterDeps, event: unknown, deadlineMs: number): Promise<PartialFailures> {
  const records = parseMskEvent(event);
  const rows: OpsRecord[] = [];
  for (const record of records) rows.push(...(await readLines(deps, record.value, nameOf(record))));
  const isDone = await commitRows(deps, rows, deadlineMs);
  return partialFailures(isDone ? [] : records);
}

/** The objects that others left in the inbox: deleted only when their rows are in the tables. */
export async function loadInbox(deps: OpsWriterDeps, deadlineMs: number): Promise<void> {
  const listed = (await deps.store.list(inboxPrefix)).slice(0, maxInboxObjects);
  const rows: OpsRecord[] = [];
  for (const { key } of listed) {
    const stored = await deps.store.get(key);
    if (stored !== undefined) rows.push(...(await readLines(deps, stored.body, key.slice(inboxPrefix.length))));
  }
  if (!(await commitRows(deps, rows, deadlineMs))) return; // they are still there for the next minute
  for (const { key } of listed) await deps.store.delete(key);
}

async function commitRows(deps: OpsWriterDeps, rows: readonly OpsRecord[], deadlineMs: number): Promise<boolean> {
  const markers = await stageOps({ store: deps.store, now: deps.clock.now }, rows);
  const open = await commitMarkers(deps, { markers, deadlineMs, onQuarantined: async () => undefined });
  deps.log.info("ops-done", { rows: rows.length, uncommitted: open.length });
  deps.metrics.put([{ name: "OpsRows", value: rows.length, unit: "Count" }]);
  return open.length === 0;
}

/** Rows of a body of one JSON object a line; lines that are none are set aside under `name`. */
async function readLines(deps: OpsWriterDeps, body: Uint8Array, name: string): Promise<OpsRecord[]> {
  const rows: OpsRecord[] = [];
  const refused: string[] = [];
  for (const line of new TextDecoder().decode(body).split("\n")) {
    if (line.trim() === "") continue;
    const parsed = opsRecordSchema.safeParse(parseJson(line));
    if (parsed.success) rows.push(parsed.data);
    else refused.push(line);
  }
  if (refused.length > 0) await setAside(deps, refused.join("\n"), name);
  return rows;
}

async function setAside(deps: OpsWriterDeps, text: string, name: string): Promise<void> {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  await deps.store.putIfAbsent(`${refusedPrefix}${name}.${hash}`, new TextEncoder().encode(text));
  deps.log.error("ops-row-refused", { name });
  deps.metrics.put([{ name: "OpsRowsRefused", value: 1, unit: "Count" }]);
}

function nameOf({ topic, partition, offset }: KafkaRecord): string {
  return `${topic}/${partition}/${String(offset).padStart(20, "0")}`;
}

/** undefined for what is no JSON; no JSON text has that value. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
