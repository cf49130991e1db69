import { parseArgs } from "node:util";
import { runWorld } from "./world.ts";

const { values } = parseArgs({
  options: { seed: { type: "string" }, to: { type: "string" }, trace: { type: "boolean" } },
});
const list = (values.seed ?? "1").split(",").map(Number);
const from = list[0] ?? 1;
const to = Number(values.to ?? from);
const seeds = list.length > 1 ? list : Array.from({ length: to - from + 1 }, (_, i) => from + i);
const cpu = () => process.cpuUsage().user / 1000;
const started = cpu();
let n = 0;
for (const seed of seeds) {
  const before = cpu();
  const result = await runWorld({ seed, ...(values.trace ? { trace: console.log } : {}) });
  n += 1;
  const { problems, struck, ...rest } = result;
  console.log(seed, Math.round(cpu() - before), JSON.stringify(rest), struck.length, problems.slice(0, 4));
}
console.log(n / ((cpu() - started) / 1000), "seeds/s");
