import { z } from "zod";
import { type MetricStore, statisticsOf } from "./metric-store.ts";

const directiveSchema = z.looseObject({
  Namespace: z.string().min(1),
  Dimensions: z.array(z.array(z.string())),
  Metrics: z.array(z.looseObject({ Name: z.string(), Unit: z.string().optional() })),
});
const lineSchema = z.looseObject({
  _aws: z.looseObject({ Timestamp: z.number(), CloudWatchMetrics: z.array(directiveSchema) }),
});
type Line = z.output<typeof lineSchema>;
type Directive = z.output<typeof directiveSchema>;

/**
 * Takes the metrics out of a log line in embedded metric format; any other line is left alone, as CloudWatch does.
 * Returns how many values it took.
 */
export function ingestLogLine(store: MetricStore, line: string): number {
  // Most lines are no metrics: a look is cheaper than a parse.
  if (!line.includes('"_aws"')) return 0;
  const parsed = lineSchema.safeParse(parseLine(line));
  if (!parsed.success) return 0;
  return parsed.data._aws.CloudWatchMetrics.reduce(
    (taken, directive) => taken + ingest(store, parsed.data, directive),
    0,
  );
}

function ingest(store: MetricStore, line: Line, { Namespace, Dimensions, Metrics }: Directive): number {
  let taken = 0;
  for (const names of Dimensions.length > 0 ? Dimensions : [[]]) {
    const dimensions = Object.fromEntries(names.map((name) => [name, String(line[name] ?? "")]));
    for (const { Name, Unit } of Metrics) {
      const given = line[Name];
      const values = statisticsOf(
        (Array.isArray(given) ? given : [given]).filter((value) => typeof value === "number"),
      );
      if (!values) continue;
      store.record({ namespace: Namespace, name: Name, dimensions }, line._aws.Timestamp, values, Unit);
      taken += 1;
    }
  }
  return taken;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
