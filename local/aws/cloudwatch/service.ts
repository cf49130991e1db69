import { z } from "zod";
import { AwsError, type AwsRequest, type AwsService, type Permission } from "../service.ts";
import type { Alarms } from "./alarms.ts";
import { type Datapoint, type MetricId, type MetricStore, type Statistics, statisticsOf } from "./metric-store.ts";

const dimensionsSchema = z
  .array(z.looseObject({ Name: z.string(), Value: z.string() }))
  .max(30)
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));
const datumSchema = z.looseObject({
  MetricName: z.string(),
  Dimensions: dimensionsSchema,
  Timestamp: z.number().optional(),
  Unit: z.string().optional(),
  Value: z.number().optional(),
  Values: z.array(z.number()).optional(),
  Counts: z.array(z.number()).optional(),
  StatisticValues: z
    .looseObject({ SampleCount: z.number(), Sum: z.number(), Minimum: z.number(), Maximum: z.number() })
    .optional(),
});
const putSchema = z.looseObject({
  Namespace: z.string().min(1),
  MetricData: z.array(datumSchema).max(1000).default([]),
});
const statisticsSchema = z.looseObject({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: dimensionsSchema,
  StartTime: z.number(),
  EndTime: z.number(),
  Period: z.number().int().min(60, "one minute is the resolution kept here"),
  Statistics: z.array(z.enum(["Average", "Sum", "Minimum", "Maximum", "SampleCount"])).min(1),
});
const metricStatSchema = z.looseObject({
  Metric: z.looseObject({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensionsSchema }),
  Period: z.number().int().min(60),
  Stat: z.enum(["Average", "Sum", "Minimum", "Maximum", "SampleCount"]),
});
const dataSchema = z.looseObject({
  StartTime: z.number(),
  EndTime: z.number(),
  MetricDataQueries: z
    .array(z.looseObject({ Id: z.string(), MetricStat: metricStatSchema }))
    .min(1)
    .max(500),
});

export type CloudWatchServiceDeps = {
  readonly store: MetricStore;
  readonly alarms: Alarms;
  readonly now?: () => number;
};

/** CloudWatch metrics as far as they are written and shown; metric math and percentiles are refused. */
export function createCloudWatchService(deps: CloudWatchServiceDeps): AwsService {
  return {
    name: "cloudwatch",
    protocol: "json-1.0",
    permissions: ({ operation, input }): readonly Permission[] => {
      const namespace = input["Namespace"];
      const context = typeof namespace === "string" ? { "cloudwatch:namespace": namespace } : {};
      return [{ action: `cloudwatch:${operation}`, resource: "*", context }];
    },
    handle: async (request) => ({ body: (operations[request.operation] ?? unknownOperation)(request, deps) }),
  };
}

type Operation = (request: AwsRequest, deps: CloudWatchServiceDeps) => unknown;

const operations: Readonly<Record<string, Operation>> = {
  PutMetricData: ({ input }, { store, now = Date.now }) => {
    const { Namespace, MetricData } = parse(putSchema, input);
    for (const datum of MetricData) {
      const id = { namespace: Namespace, name: datum.MetricName, dimensions: datum.Dimensions };
      store.record(id, datum.Timestamp === undefined ? now() : datum.Timestamp * 1000, valuesOf(datum), datum.Unit);
    }
    return {};
  },
  GetMetricStatistics: ({ input }, { store }) => {
    const query = parse(statisticsSchema, input);
    const points = store.query(idOf(query), rangeOf(query, query.Period));
    const Datapoints = points.map((point) => ({
      Timestamp: new Date(point.timeMs),
      ...Object.fromEntries(query.Statistics.map((name) => [name, statistic(point, name)])),
    }));
    return { Label: query.MetricName, Datapoints };
  },
  GetMetricData: ({ input }, { store }) => {
    const query = parse(dataSchema, input);
    const MetricDataResults = query.MetricDataQueries.map(({ Id, MetricStat: { Metric, Period, Stat } }) => {
      // Newest first, as CloudWatch does by default.
      const points = [...store.query(idOf(Metric), rangeOf(query, Period))].reverse();
      return {
        Id,
        Label: Metric.MetricName,
        Timestamps: points.map(({ timeMs }) => new Date(timeMs)),
        Values: points.map((point) => statistic(point, Stat)),
        StatusCode: "Complete",
      };
    });
    return { MetricDataResults };
  },
  ListMetrics: ({ input }, { store }) => ({
    Metrics: store
      .list()
      .filter(({ namespace }) => input["Namespace"] === undefined || input["Namespace"] === namespace)
      .map(({ namespace, name, dimensions }) => ({
        Namespace: namespace,
        MetricName: name,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      })),
  }),
  DescribeAlarms: (_request, { alarms }) => ({
    MetricAlarms: alarms.all().map(({ arn, name, state, definition }) => ({
      ...definition,
      AlarmArn: arn,
      AlarmName: name,
      StateValue: state,
    })),
  }),
};

const unknownOperation: Operation = ({ operation }) => {
  throw new AwsError("UnknownOperationException", `${operation} is not known here`);
};

function valuesOf(datum: z.output<typeof datumSchema>): Statistics {
  const { StatisticValues: given, Values, Counts, Value } = datum;
  if (given) return { sum: given.Sum, count: given.SampleCount, min: given.Minimum, max: given.Maximum };
  const values = Values ? statisticsOf(Values, Counts) : statisticsOf(Value === undefined ? [] : [Value]);
  if (values) return values;
  throw new AwsError("MissingParameter", `Metric ${datum.MetricName} has no value.`);
}

const idOf = ({
  Namespace,
  MetricName,
  Dimensions,
}: {
  Namespace: string;
  MetricName: string;
  Dimensions: Record<string, string>;
}): MetricId => ({
  namespace: Namespace,
  name: MetricName,
  dimensions: Dimensions,
});

const rangeOf = ({ StartTime, EndTime }: { StartTime: number; EndTime: number }, period: number) => ({
  startMs: StartTime * 1000,
  endMs: EndTime * 1000,
  periodMs: period * 1000,
});

function statistic(point: Datapoint, name: string): number {
  switch (name) {
    case "Sum":
      return point.sum;
    case "Minimum":
      return point.min;
    case "Maximum":
      return point.max;
    case "SampleCount":
      return point.count;
    default:
      return point.sum / point.count;
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] ?? { path: [], message: "" };
  throw new AwsError("InvalidParameterValue", `The parameter ${path.join(".")} is not valid: ${message}`);
}
