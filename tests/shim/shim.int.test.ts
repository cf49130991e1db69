import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createKafka } from "../../lib/kafka/connection.ts";
import { createTailReader } from "../../lib/kafka/kafka-tail.ts";
import { connectWriter } from "../../lib/kafka/kafka-writer.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { createEventModel, defaultModel } from "../../local/source/event-model.ts";
import { connectionFaults, streamFaults } from "../../local/source/faults.ts";
import { startStreamServer } from "../../local/source/stream-server.ts";
import { eqiad } from "../lib/sse/sse-server.ts";
import { startTestEngines, type TestEngines } from "../support/engines.ts";
import { type AwsStub, startAwsStub } from "./aws-stub.ts";
import { idOf } from "./event-id.ts";
import { feedEvent } from "./fake-feed.ts";
import { type LiveFeed, startLiveFeed } from "./live-feed.ts";
import { createTopics, readTopic } from "./read-topic.ts";
import { baseEnvironment } from "./shim-harness.ts";
import { type ShimProcess, startShimProcess } from "./shim-process.ts";

/** A first run fetches the engine; a busy machine starts it slowly. */
const hookMs = 300_000;

let engines: TestEngines<"kafka">;
let brokers: readonly string[] = [];
let folder = "";
let aws: AwsStub;
let feed: { close(): Promise<void> } | undefined;
let names: { raw: string; dlq: string; ops: string };
let running: ShimProcess[] = [];
let round = 0;

beforeAll(async () => {
  engines = await startTestEngines({ only: ["kafka"] });
  brokers = engines.engines.kafka.brokers;
  folder = mkdtempSync(join(tmpdir(), "wikilake-shim-int-"));
}, hookMs);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await engines.close();
}, hookMs);
beforeEach(async () => {
  round += 1;
  names = { raw: `raw-${round}`, dlq: `dlq-${round}`, ops: `ops-${round}` };
  await createTopics(brokers, { [names.raw]: 12, [names.dlq]: 1, [names.ops]: 1 });
  aws = await startAwsStub(brokers.join(","));
}, hookMs);
afterEach(async () => {
  for (const { child } of running) child.kill("SIGKILL");
  running = [];
  await feed?.close();
  feed = undefined;
  await aws.close();
}, hookMs);

function start(environment: Record<string, string>): ShimProcess {
  const topics = { RAW_TOPIC: names.raw, DLQ_TOPIC: names.dlq, OPS_TOPIC: names.ops };
  const own = { HEALTH_FILE: join(folder, "healthy"), PATH: process.env["PATH"] ?? "" };
  const shim = startShimProcess({ ...baseEnvironment, ...topics, ...aws.environment, ...own, ...environment });
  running.push(shim);
  return shim;
}

async function until(what: () => boolean | Promise<boolean>, seconds: number): Promise<void> {
  const deadlineMs = Date.now() + seconds * 1_000;
  while (Date.now() < deadlineMs) {
    if (await what()) return;
    await sleep(300);
  }
  throw new Error(`not within ${seconds} s`);
}

const idsOf = async () => (await readTopic(brokers, names.raw)).map(idOf);

/** The shim has stored all that the feed will ever send. */
async function untilDelivered(live: LiveFeed, total: number): Promise<void> {
  await until(() => live.sent.length === total, 120);
  await until(async () => new Set(await idsOf()).size === total, 120);
}

test("the simulated feed with all its vices, and a kill in between: nothing of it is missing", async () => {
  const model = createEventModel(defaultModel("shim", 100));
  const limits = { retentionMs: 86_400_000, connectionMs: 6_000, maxConnections: 2 };
  const server = await startStreamServer({ model, port: 0, ...limits });
  feed = server;
  const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 20_000;
  const environment = { SOURCE_URL: server.url, SOURCE_START: new Date(startMs).toISOString() };
  // 403 waits for minutes, silence for half a one, and many refusals add up: those have tests with a clock of their own.
  const refusals = connectionFaults.filter((fault) => ["status-429", "status-502", "status-400"].includes(fault));
  const vices = streamFaults.filter((fault) => fault !== "silence");
  const first = start(environment);
  await until(async () => (await idsOf()).length > 500, 60);
  for (const fault of [...refusals, ...vices]) server.faults.arm(fault, 1);
  await sleep(3_000);
  first.child.kill("SIGKILL");
  for (const fault of vices) server.faults.arm(fault, 1);
  const second = start(environment);
  const endMs = Date.now();
  const expected = new Set<string>();
  for (let second = startMs / 1_000; second * 1_000 < endMs; second += 1) {
    for (const { data, timestampMs } of model.eventsOf(second)) {
      const { meta } = JSON.parse(data);
      if (meta.domain !== "canary" && timestampMs >= startMs && timestampMs < endMs) expected.add(meta.id);
    }
  }
  await until(async () => {
    if (Object.keys(server.faults.pending()).length > 0) return false;
    const stored = new Set(await idsOf());
    return [...expected].every((id) => stored.has(id));
  }, 200);
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
  const reasons = (await readTopic(brokers, names.dlq)).map(({ value }) => JSON.parse(value).reason);
  expect(new Set(reasons)).toEqual(new Set(["invalid_json", "oversize"]));
  expect(expected.size).toBeGreaterThan(1_000);
}, 300_000);

test("a broker that restarts under load loses nothing, and the shim lives on", async () => {
  const total = 4_000;
  const live = await startLiveFeed({ total, ratePerSecond: 300, cutEveryMs: 60_000 });
  feed = live;
  const shim = start({ SOURCE_URL: live.url.href, SOURCE_START: new Date(Date.now() - 60_000).toISOString() });
  await until(async () => (await idsOf()).length > 500, 60);
  await engines.engines.restart("kafka");
  await untilDelivered(live, total);
  shim.child.kill("SIGTERM");
  expect(await shim.ended).toBe(0);
}, 300_000);

test("a file is delivered once; the second run says so and produces nothing", async () => {
  const path = join(folder, "events.ndjson.gz");
  const lines = Array.from(
    { length: 5_000 },
    (_, index) => feedEvent(`f${index}`, eqiad, Date.UTC(2016, 5, 27) + index).data,
  );
  lines.splice(100, 0, '{"broken":', "");
  writeFileSync(path, gzipSync(lines.join("\n")));
  const environment = { SOURCE_URL: pathToFileURL(path).href, SOURCE_KIND: "replay" };
  const first = start(environment);
  expect(await first.ended).toBe(0);
  expect(first.lines.at(-1)).toMatchObject({ code: "source-finished", read: 5_001, accepted: 5_000, rejected: 1 });
  const second = start(environment);
  expect(await second.ended).toBe(0);
  expect(second.lines.at(-1)).toMatchObject({
    code: "source-finished",
    read: 5_001,
    accepted: 0,
    alreadyDelivered: 5_001,
  });
  expect((await idsOf()).length).toBe(5_000);
  expect(await readTopic(brokers, names.dlq)).toHaveLength(1);
}, 120_000);

test("a value that compresses badly and is too large for the broker becomes a dead letter", async () => {
  const path = join(folder, "large.ndjson");
  const noise = () => Array.from({ length: 60 }, () => Math.random().toString(36).slice(2)).join("");
  const big = feedEvent("big", eqiad, Date.UTC(2016, 5, 27), { comment: "x".repeat(990_000) }).data;
  const events = [
    feedEvent("a", eqiad, Date.UTC(2016, 5, 27), { comment: noise() }).data,
    big,
    "y".repeat(8_388_608),
    feedEvent("b", eqiad, Date.UTC(2016, 5, 27)).data,
  ];
  writeFileSync(path, events.join("\n"));
  const shim = start({ SOURCE_URL: pathToFileURL(path).href, SOURCE_KIND: "replay" });
  expect(await shim.ended).toBe(0);
  expect(shim.lines.at(-1)).toMatchObject({ accepted: 3, rejected: 1 });
  expect((await idsOf()).sort()).toEqual(["a", "b", "big"]);
  expect(JSON.parse((await readTopic(brokers, names.dlq))[0]?.value ?? "{}")).toMatchObject({
    reason: "oversize",
    raw_bytes: 8_388_608,
  });
}, 120_000);

test("the ends of topics give the newest cursors: of empty, emptied and foreign partitions too", async () => {
  const log = createLogger({ write: () => undefined });
  const kafka = createKafka({ addresses: brokers, security: "plaintext" }, { clientId: "tails", region: "x", log });
  const read = () =>
    createTailReader(kafka, `tails-${Math.random()}`, systemClock).newestHeaders([names.raw, names.dlq], "cursor");
  expect(await read()).toEqual([]);
  const writer = await connectWriter(kafka);
  const put = (topic: string, partition: number, cursor: string, count = 1) => {
    const records = Array.from({ length: count }, () => ({
      key: Buffer.from("k"),
      value: Buffer.from("v"),
      headers: {},
    }));
    return writer.send(topic, partition, { records, stamp: cursor === "" ? {} : { cursor } });
  };
  await put(names.raw, 0, "old", 100);
  await put(names.raw, 0, "newest of 0");
  await put(names.raw, 0, "", 3);
  await put(names.raw, 3, "newest of 3", 2);
  await put(names.raw, 5, "expired", 10);
  await put(names.dlq, 0, "newest of dlq");
  const admin = kafka.admin();
  await admin.connect();
  // The client deletes only of topics that it has looked at before.
  await admin.fetchTopicOffsets(names.raw);
  await admin.deleteTopicRecords({ topic: names.raw, partitions: [{ partition: 5, offset: "10" }] });
  await admin.disconnect();
  await writer.close();
  const found = await read();
  expect(found).toEqual(expect.arrayContaining(["newest of 0", "newest of 3", "newest of dlq"]));
  expect(found).not.toContain("expired");
}, 120_000);

test("without a topic it says which, and ends with 1", async () => {
  const shim = start({ SOURCE_URL: "http://127.0.0.1:1/", RAW_TOPIC: "missing" });
  expect(await shim.ended).toBe(1);
  expect(shim.lines.at(-1)).toMatchObject({ code: "shim-failed", reason: "KAFKA_TOPIC_MISSING" });
}, 120_000);
