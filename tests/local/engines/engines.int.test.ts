import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";
import { identifyProcess } from "../../../local/engines/process-identity.ts";
import type { EngineEvent } from "../../../local/engines/run/supervisor.ts";
import { startTestEngines, type TestEngines } from "../../support/engines.ts";
import { queryTrino } from "../../support/trino.ts";

const lake = "wikilake-local-lake-000000000000";
const events: EngineEvent[] = [];
let running: TestEngines<"s3" | "catalog" | "kafka" | "trino">;

/** Engines on a busy machine take their time, and a first run fetches them. */
jest.setTimeout(600_000);

beforeAll(async () => {
  running = await startTestEngines({ buckets: [lake], onEvent: (event) => events.push(event) });
});
afterAll(() => running?.close());

const query = (sql: string): Promise<readonly unknown[][]> => queryTrino(running.engines.trino.url, sql);
const pids = (): readonly number[] => running.engines.processes().flatMap(({ pid }) => pid ?? []);

/** Waits until something has come true; the test's own time limit ends it otherwise. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(100);
}

describe("engines started together", () => {
  test("S3 gives back what was put, also in a bucket made later", async () => {
    await running.engines.createBucket("made-later");
    await running.engines.createBucket("made-later");
    for (const bucket of [lake, "made-later"]) {
      const url = `${running.engines.s3.endpoint}/${bucket}/some/key`;
      expect((await fetch(url, { method: "PUT", body: "content" })).ok).toBe(true);
      expect(await (await fetch(url)).text()).toBe("content");
    }
  });

  test("Trino makes an Iceberg table through the catalog, writes it to S3 and reads it", async () => {
    await query("CREATE SCHEMA lake.round_trip");
    await query(`CREATE TABLE lake.round_trip.edits (id bigint, at timestamp(6), day date)
      WITH (location = 's3://${lake}/round_trip/edits', partitioning = ARRAY['day'])`);
    await query(
      "INSERT INTO lake.round_trip.edits VALUES (1, TIMESTAMP '2026-01-01 10:00:00.123456', DATE '2026-01-01')",
    );
    expect(await query("SELECT id, at, day FROM lake.round_trip.edits")).toEqual([
      [1, "2026-01-01 10:00:00.123456", "2026-01-01"],
    ]);
    await query("ALTER TABLE lake.round_trip.edits EXECUTE expire_snapshots(retention_threshold => '0s')");
    expect(await query('SELECT count(*) FROM lake.round_trip."edits$snapshots"')).toEqual([[1]]);
  });

  test("the staging catalog reads Parquet by an injected partition, and refuses without it", async () => {
    await query("CREATE SCHEMA staging.round_trip");
    await query(`CREATE TABLE staging.round_trip.raw
      (id bigint, batch varchar WITH (partition_projection_type = 'injected'))
      WITH (external_location = 's3://${lake}/stage/raw', format = 'PARQUET', partitioned_by = ARRAY['batch'],
        partition_projection_enabled = true,
        partition_projection_location_template = 's3://${lake}/stage/raw/batch=\${batch}')`);
    await query("INSERT INTO staging.round_trip.raw VALUES (7, 'b1')");
    expect(await query("SELECT id FROM staging.round_trip.raw WHERE batch = 'b1'")).toEqual([[7]]);
    await expect(query("SELECT id FROM staging.round_trip.raw")).rejects.toThrow(/injected/i);
    await query("DROP TABLE staging.round_trip.raw");
  });

  test("four writers at once all get into the catalog", async () => {
    await query(`CREATE TABLE lake.round_trip.busy (writer integer) WITH (location = 's3://${lake}/round_trip/busy')`);
    await Promise.all([1, 2, 3, 4].map((writer) => query(`INSERT INTO lake.round_trip.busy VALUES (${writer})`)));
    expect(await query("SELECT count(*) FROM lake.round_trip.busy")).toEqual([[4]]);
  });

  test("Kafka makes a topic, and gives a consumer group what was produced", async () => {
    expect(await roundTrip("round-trip", ["one", "two", "three"])).toEqual(["one", "two", "three"]);
  });
});

describe("an engine killed in the middle", () => {
  test.each(["kafka", "s3", "trino", "catalog"])("%s comes back on the same port with what it had", async (name) => {
    const before = running.engines.processes().find((process) => process.name === name)?.pid ?? 0;
    events.length = 0;
    process.kill(before, "SIGKILL");
    await until(() => events.some((event) => event.kind === "ready" && event.name === name));
    expect(events.map(({ kind }) => kind)).toEqual(["crashed", "starting", "ready"]);
    expect(pids()).not.toContain(before);
    expect(await query("SELECT count(*) FROM lake.round_trip.edits")).toEqual([[1]]);
    expect(await roundTrip("round-trip", [])).toEqual(["one", "two", "three"]);
  });
});

test("an outage made on purpose is no crash, and ends with a restart", async () => {
  events.length = 0;
  await running.engines.stopOne("kafka");
  await expect(roundTrip("round-trip", [])).rejects.toThrow();
  await running.engines.restart("kafka");
  expect(await roundTrip("round-trip", [])).toEqual(["one", "two", "three"]);
  expect(events.map(({ kind }) => kind)).toEqual(["stopped", "starting", "ready"]);
});

test("stopping leaves no process", async () => {
  const all = pids();
  expect(all).toHaveLength(4);
  await running.engines.stop();
  expect(await Promise.all(all.map(identifyProcess))).toEqual(all.map(() => undefined));
});

/** Makes the topic unless it is there, produces `values`, and reads the topic from its beginning with a new group. */
async function roundTrip(topic: string, values: readonly string[]): Promise<readonly string[]> {
  const { brokers } = running.engines.kafka;
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 3 } });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  const producer = kafka.producer();
  await producer.connect();
  if (values.length > 0) await producer.send({ topic, messages: values.map((value) => ({ value })) });
  const wanted = Number((await admin.fetchTopicOffsets(topic))[0]?.high);
  const found: string[] = [];
  const consumer = kafka.consumer({ groupId: `group-${Date.now()}`, retry: { retries: 10 } });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void found.push(String(message.value)) });
  await until(() => found.length >= wanted);
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
  return found;
}
