import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createLogger } from "../../../../lib/platform/logger.ts";
import { createMetrics } from "../../../../lib/platform/metrics.ts";
import { createAlarmProvider, createAlarms } from "../../../../local/aws/cloudwatch/alarms.ts";
import { ingestLogLine } from "../../../../local/aws/cloudwatch/emf.ts";
import { keepMetrics } from "../../../../local/aws/cloudwatch/metric-file.ts";
import { createMetricStore, type MetricStore } from "../../../../local/aws/cloudwatch/metric-store.ts";
import { createCloudWatchService } from "../../../../local/aws/cloudwatch/service.ts";
import { startFacade, type TestFacade } from "../facade/contract-services.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const at = (seconds: number): Date => new Date(start + seconds * 1000);
const range = { startMs: start, endMs: start + 3_600_000, periodMs: 60_000 };
const id = { namespace: "Wikilake", name: "Latency", dimensions: { Stage: "local" } };
let store: MetricStore;
let running: TestFacade;
let client: CloudWatchClient;
const alarms = createAlarms();

beforeEach(async () => {
  store = createMetricStore();
  running = await startFacade([createCloudWatchService({ store, alarms, now: () => start })]);
  client = new CloudWatchClient(running.client("cloudwatch"));
});
afterEach(async () => running.facade.close());

const put = (data: object[]) =>
  client.send(
    new PutMetricDataCommand({
      Namespace: "Wikilake",
      MetricData: data.map((one) => ({
        MetricName: "Latency",
        Dimensions: [{ Name: "Stage", Value: "local" }],
        ...one,
      })),
    }),
  );

test("values put in one minute are one datapoint of their statistics", async () => {
  await put([
    { Timestamp: at(1), Value: 4 },
    { Timestamp: at(59), Value: 2 },
    { Timestamp: at(61), Values: [1, 5], Counts: [3, 1] },
  ]);
  const answer = await client.send(
    new GetMetricStatisticsCommand({
      Namespace: "Wikilake",
      MetricName: "Latency",
      Dimensions: [{ Name: "Stage", Value: "local" }],
      StartTime: at(0),
      EndTime: at(3600),
      Period: 60,
      Statistics: ["Average", "Sum", "Minimum", "Maximum", "SampleCount"],
    }),
  );
  expect(answer.Datapoints).toEqual([
    { Timestamp: at(0), Average: 3, Sum: 6, Minimum: 2, Maximum: 4, SampleCount: 2 },
    { Timestamp: at(60), Average: 2, Sum: 8, Minimum: 1, Maximum: 5, SampleCount: 4 },
  ]);
});

test("a longer period sums minutes up, and other dimensions are another metric", async () => {
  await put([
    { Timestamp: at(1), Value: 4 },
    { Timestamp: at(61), Value: 2 },
    { Timestamp: at(1), Value: 100, Dimensions: [] },
  ]);
  const Metric = { Namespace: "Wikilake", MetricName: "Latency", Dimensions: [{ Name: "Stage", Value: "local" }] };
  const MetricDataQueries = [{ Id: "a", MetricStat: { Metric, Period: 300, Stat: "Sum" } }];
  const answer = await client.send(
    new GetMetricDataCommand({ StartTime: at(0), EndTime: at(3600), MetricDataQueries }),
  );
  expect(answer.MetricDataResults).toMatchObject([
    { Id: "a", Timestamps: [at(0)], Values: [6], StatusCode: "Complete" },
  ]);
  const { Metrics } = await client.send(new ListMetricsCommand({ Namespace: "Wikilake" }));
  expect(Metrics?.map(({ Dimensions }) => Dimensions?.length)).toEqual([1, 0]);
});

test("what the units log in embedded metric format is in the store, any other line is left alone", () => {
  const lines: string[] = [];
  const metrics = createMetrics({
    dimensions: { Stage: "local" },
    now: () => start,
    write: (line) => lines.push(line),
  });
  metrics.put([{ name: "Latency", value: 7, unit: "Milliseconds" }]);
  metrics.put([{ name: "Latency", value: 9, unit: "Milliseconds" }], { Reason: "x" });
  expect(lines.map((line) => ingestLogLine(store, line))).toEqual([1, 1]);
  expect(store.query(id, range)).toMatchObject([{ sum: 7, count: 1 }]);
  expect(store.query({ ...id, dimensions: { Reason: "x", Stage: "local" } }, range)).toMatchObject([{ sum: 9 }]);
  for (const line of [
    "plain",
    '{"_aws":',
    '{"_aws":{}}',
    '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"m"}]}]},"m":"text"}',
  ]) {
    expect(ingestLogLine(store, line)).toBe(0);
  }
});

test("an EMF list of values counts each of them", () => {
  const directive = { Namespace: "Wikilake", Dimensions: [["Stage"]], Metrics: [{ Name: "Latency" }] };
  ingestLogLine(
    store,
    JSON.stringify({ _aws: { Timestamp: start, CloudWatchMetrics: [directive] }, Stage: "local", Latency: [1, 2, 6] }),
  );
  expect(store.query(id, range)).toMatchObject([{ sum: 9, count: 3, min: 1, max: 6 }]);
});

test("a metric keeps a day, and the oldest minute goes first", () => {
  for (let minute = 0; minute < 1600; minute++)
    store.record(id, start + minute * 60_000, { sum: 1, count: 1, min: 1, max: 1 });
  const kept = store.query(id, { startMs: start, endMs: start + 1600 * 60_000, periodMs: 60_000 });
  expect([kept.length, kept[0]?.timeMs]).toEqual([1500, start + 100 * 60_000]);
});

test("a period below a minute, metric math and an unknown operation are refused", async () => {
  const query = { Namespace: "n", MetricName: "m", StartTime: at(0), EndTime: at(60), Statistics: ["Sum" as const] };
  await expect(client.send(new GetMetricStatisticsCommand({ ...query, Period: 1 }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 400 },
  });
  const math = { StartTime: at(0), EndTime: at(60), MetricDataQueries: [{ Id: "e", Expression: "1+1" }] };
  await expect(client.send(new GetMetricDataCommand(math))).rejects.toThrow("MetricStat");
});

test("alarms of the template are recorded with no data yet", async () => {
  const provider = createAlarmProvider({ alarms, prefix: "wikilake-local" });
  const properties = {
    MetricName: "Latency",
    ComparisonOperator: "GreaterThanThreshold",
    EvaluationPeriods: 3,
    Threshold: 5,
  };
  const made = await provider.create({ logicalId: "Slow", type: "AWS::CloudWatch::Alarm", properties });
  expect(made).toEqual({
    ref: "wikilake-local-Slow",
    attributes: { Arn: "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:wikilake-local-Slow" },
  });
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({}));
  expect(MetricAlarms).toMatchObject([
    { AlarmName: "wikilake-local-Slow", StateValue: "INSUFFICIENT_DATA", Threshold: 5 },
  ]);
});

test("metrics survive a restart, and a broken file does not stop one", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "wikilake-metrics-"));
  const logger = createLogger({ write: () => {} });
  store.record(id, start, { sum: 1, count: 1, min: 1, max: 1 }, "Count");
  await (await keepMetrics(store, stateDir, logger)).close();
  const second = createMetricStore();
  await (await keepMetrics(second, stateDir, logger)).close();
  expect(second.snapshot()).toEqual(store.snapshot());
  const file = join(stateDir, "runtime", "cloudwatch", "metrics.json");
  await writeFile(file, "{");
  await (await keepMetrics(createMetricStore(), stateDir, logger)).close();
  expect(await readFile(file, "utf8")).toBe("[]");
  await rm(stateDir, { recursive: true });
});
