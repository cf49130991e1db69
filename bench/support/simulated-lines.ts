import { createEventModel, defaultModel } from "../../local/source/event-model.ts";

/** As many simulated events as asked for, as JSON, from this second on (Unix), about `rate` of each second. */
export function simulatedLines(seed: string, rate: number, fromSecond: number, count: number): string[] {
  const model = createEventModel({ ...defaultModel(seed, rate), canarySeconds: 0 });
  const lines: string[] = [];
  for (let second = fromSecond; lines.length < count; second += 1)
    lines.push(...model.eventsOf(second).map(({ data }) => data));
  return lines.slice(0, count);
}
