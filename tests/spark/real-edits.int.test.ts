import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";
import { goldTotals, recount } from "./histories.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

/** 24,424 real edits of one day; lies beside the repository and is never part of it. */
const file = join(import.meta.dirname, "../../../shared/data/recentchange_2016-06-27.ndjson.gz");

type RecentChange = {
  readonly meta: { readonly id: string; readonly dt: string; readonly domain: string };
  readonly type: string;
  readonly wiki: string;
  readonly title: string;
  readonly user: string;
  readonly bot: boolean;
  readonly length: { readonly old?: number; readonly new: number };
  readonly revision: { readonly old?: number; readonly new: number };
};

const normalise = (user: string): string =>
  user
    .normalize("NFC")
    .replaceAll("_", " ")
    .replace(/\p{Cc}/gu, "")
    .trim();

const asRow = (event: RecentChange): Row => ({
  event_timestamp: event.meta.dt,
  domain: event.meta.domain,
  event_type: event.type,
  wiki: event.wiki,
  title: event.title,
  user: normalise(event.user),
  is_bot: event.bot,
  length_old: event.length.old ?? 0,
  length_new: event.length.new,
});

let spark: SparkHarness;
let events: readonly RecentChange[];
beforeAll(async () => {
  const text = gunzipSync(await readFile(file)).toString("utf8");
  events = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as RecentChange])); // the file's shape
  spark = await startSparkHarness();
  await spark.createLake("real");
  expect(await spark.appendFile("real", file)).toBe(events.length);
  expect(await spark.run({ prefix: "real", runId: "real-1" })).toEqual({ exit: 0 });
});
afterAll(() => spark?.close());

async function one(sql: string): Promise<Row> {
  const [row] = await spark.sql(sql);
  return row ?? {};
}

test("silver holds each event of the file once", async () => {
  const ids = new Set(events.map((event) => event.meta.id));
  const rows = await spark.sql("select event_id from lake.real_silver.cleaned_events");
  expect(rows).toHaveLength(ids.size);
  expect(rows.every((row) => ids.has(String(row["event_id"])))).toBe(true);
});

test("gold adds up to silver, and every hour of every domain equals a recount of the file", async () => {
  const gold = await spark.sql("select * from lake.real_gold.hourly_stats");
  expect(gold.reduce((sum, row) => sum + Number(row["total_events"]), 0)).toBe(events.length);
  expect(new Map(gold.map(goldTotals))).toEqual(recount(events.map(asRow)));
});

test("the addresses of the file are the unregistered edits of gold", async () => {
  const human = events.filter((event) => !event.bot && isIP(event.user) !== 0);
  expect(
    await one("select sum(ip_edits) as ip, sum(anonymous_edits) as anonymous from lake.real_gold.hourly_stats"),
  ).toEqual({
    ip: human.length,
    anonymous: human.length,
  });
});

test("regions add up to the domains in them", async () => {
  const domains = new Set(["de", "fr", "it", "es", "pl", "nl", "ru"].map((language) => `${language}.wikipedia.org`));
  const expected = events.filter((event) => domains.has(event.meta.domain)).length;
  expect(
    await one("select sum(total_events) as n from lake.real_gold.hourly_stats where region = 'europe' and in_scope"),
  ).toEqual({
    n: expected,
  });
});

/** Edits that give back exactly the bytes that somebody else's edit before them took or brought. */
function byteInverses(): readonly string[] {
  const key = (event: RecentChange, revision: number | undefined): string => `${event.wiki} ${event.title} ${revision}`;
  const made = new Map(events.map((event) => [key(event, event.revision.new), event]));
  const delta = ({ length }: RecentChange): number => length.new - (length.old ?? 0);
  const isInverse = (event: RecentChange): boolean => {
    const before = event.type === "edit" ? made.get(key(event, event.revision.old)) : undefined;
    return before !== undefined && before.user !== event.user && delta(event) !== 0 && delta(event) === -delta(before);
  };
  return events.filter(isInverse).map((event) => event.meta.id);
}

test("reverts are at least those that summaries tell and those that bytes tell", async () => {
  const rows = await spark.sql("select revert_event_id as id from lake.real_silver.reverts");
  const found = new Set(rows.map(({ id }) => String(id)));
  const told = await spark.sql(
    "select event_id as id from lake.real_silver.cleaned_events where revert_method is not null",
  );
  expect(told.length).toBeGreaterThan(800);
  expect(told.filter(({ id }) => !found.has(String(id)))).toEqual([]);
  expect(byteInverses().filter((id) => !found.has(id))).toEqual([]);
});

test("of the edits that bytes alone call reverts, 95 % are", async () => {
  // Read by a person: what bytes tell and the summary does not. One was undone content, one a bot tidying up.
  const isNone = new Set(["9158dd0e-27ba-5aa4-b1b9-308bd0180df5"]);
  const isOne = new Set(["f64c32e6-3baa-5821-a821-f5d388c0b326"]);
  const inverses = byteInverses();
  expect(inverses).toHaveLength(21);
  const silent = await spark.sql(
    "select revert_event_id as id from lake.real_silver.reverts where method = 'byte_inverse'",
  );
  expect(silent.every(({ id }) => isNone.has(String(id)) || isOne.has(String(id)))).toBe(true);
  expect(1 - inverses.filter((id) => isNone.has(id)).length / inverses.length).toBeGreaterThan(0.95);
});

test("the same input again is recorded and changes nothing", async () => {
  const before = await one("select count(*) as n from lake.real_silver.cleaned_events.snapshots");
  expect(await spark.run({ prefix: "real", runId: "real-2" })).toEqual({ exit: 0 });
  expect(await one("select count(*) as n from lake.real_silver.cleaned_events.snapshots")).toEqual(before);
});
