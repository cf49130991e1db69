import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import type { RejectReason } from "../../../lib/core/verdict.ts";
import { judgeRecord } from "../../../lib/steps/judge-record.ts";
import { maxRecordBytes } from "../../../lib/steps/parse-record.ts";

const nowMs = Date.UTC(2026, 8, 17, 4, 0, 0);
const live = { sourceKind: "live", nowMs, canary: "drop" } as const;
const replay = { sourceKind: "replay", nowMs, canary: "drop" } as const;
const dt = "2026-09-17T03:42:33.778Z";
const meta = { id: "e1", dt, domain: "en.wikipedia.org", topic: "eqiad.mediawiki.recentchange" };

const bytesOf = (text: string) => Buffer.from(text, "utf8");
const judge = (value: unknown, context: Parameters<typeof judgeRecord>[1] = live) =>
  judgeRecord(bytesOf(JSON.stringify(value)), context);
const judgeText = (text: string) => judgeRecord(bytesOf(text), live);
const rejected = (reason: RejectReason, detail?: string) =>
  expect.objectContaining({ kind: "rejected", reason, ...(detail === undefined ? {} : { detail }) });

describe("what is no JSON object", () => {
  test.each<[string, Uint8Array, RejectReason]>([
    ["nothing at all", new Uint8Array(0), "invalid_json"],
    ["truncated JSON", bytesOf('{"meta":{"id":"e1"'), "invalid_json"],
    ["a NUL byte", bytesOf('{"a":"\u0000"}'), "invalid_json"],
    ["a byte order mark", bytesOf("\uFEFF{}"), "invalid_json"],
    ["invalid UTF-8", Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), "invalid_utf8"],
    ["a surrogate encoded as UTF-8", Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "invalid_utf8"],
    ["an array", bytesOf("[]"), "not_an_object"],
    ["null", bytesOf("null"), "not_an_object"],
    ["a number", bytesOf("12"), "not_an_object"],
    ["a million opening brackets", bytesOf("[".repeat(1_000_000)), "too_deep"],
    ["nested objects a level too deep", bytesOf(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`), "too_deep"],
    ["a line of 8 MB", Buffer.alloc(8_388_608, 0x20), "oversize"],
    ["one byte above the limit", Buffer.alloc(maxRecordBytes + 1, 0x20), "oversize"],
  ])("%s is rejected with its reason", (_name, bytes, reason) => {
    expect(judgeRecord(bytes, live)).toEqual(rejected(reason));
  });

  test("64 levels are taken, and brackets inside text are no levels", () => {
    const deep = `${"[".repeat(63)}${"]".repeat(63)}`;
    const brackets = "[".repeat(200);
    const text = `{"meta":${JSON.stringify(meta)},"log_params":${deep},"comment":"\\"${brackets}"}`;
    expect(judgeText(text)).toMatchObject({ kind: "accepted" });
  });
});

describe("text of an attacker's choosing", () => {
  test.each([
    ['{"t":"\\ud800"}'],
    ['{"t":"\\udc00"}'],
    ['{"t":"\\ud800x\\udc00"}'],
    ['{"t":"\\udc00\\ud800"}'],
    ['{"t":"\\uD83D\\n\\uDE00"}'],
    ['{"t":{"\\uDBFF":1}}'],
  ])("a lone surrogate escape is invalid text: %s", (extra) => {
    expect(judgeText(`{"meta":${JSON.stringify(meta)},"x":${extra}}`)).toEqual(rejected("invalid_utf8"));
  });

  test.each([["\\ud83d\\ude00"], ["\\\\ud800"], ["\\\\\\\\udc00"], ["\\uD83D\\uDE00\\uD83D\\uDE00"]])(
    "a whole pair and an escaped backslash are not lone: %s",
    (text) => {
      expect(judgeText(`{"meta":${JSON.stringify(meta)},"title":"${text}"}`)).toMatchObject({ kind: "accepted" });
    },
  );

  test("escaped NUL, quotes, SQL, HTML and bidi marks are ordinary text", () => {
    const title = "\u0000\u202e'; DROP TABLE x; -- <script>alert(1)</script> \" \\";
    expect(judge({ meta, title, wiki: "enwiki" })).toMatchObject({ kind: "accepted", event: { title } });
  });

  test("a key __proto__ changes no prototype and does not reach the event", () => {
    const verdict = judgeText(`{"__proto__":{"polluted":true},"meta":${JSON.stringify(meta)}}`);
    expect(verdict.kind).toBe("accepted");
    if (verdict.kind !== "accepted") return;
    expect(Object.hasOwn(verdict.event, "__proto__")).toBe(false);
    expect(Object.assign({}, verdict.event)).not.toHaveProperty("polluted");
    expect(verdict.text).toContain("__proto__");
  });
});

describe("canaries", () => {
  const canary = { $schema: "/mediawiki/recentchange/1.0.1", meta: { domain: "canary", topic: "codfw.x" } };
  test("a canary is dropped before any validation and names its topic", () => {
    expect(judge(canary)).toEqual({ kind: "dropped", reason: "canary", sourceTopic: "codfw.x" });
    expect(judge({ meta: { domain: "canary", dt: 1, topic: 2 } })).toMatchObject({ sourceTopic: undefined });
  });
  test("on the topic a canary is a leak", () => {
    expect(judge(canary, { ...live, canary: "reject" })).toEqual(rejected("canary_leak"));
  });
});

describe("identity and time", () => {
  test.each<[string, unknown, RejectReason]>([
    ["no meta", { title: "x" }, "missing_meta"],
    ["meta null", { meta: null }, "missing_meta"],
    ["meta an array", { meta: [] }, "type_mismatch"],
    ["no meta.id", { meta: { dt } }, "missing_event_id"],
    ["an empty meta.id", { meta: { dt, id: "" } }, "missing_event_id"],
    ["a meta.id that is a number", { meta: { dt, id: 7 } }, "type_mismatch"],
    ["a meta.id of 201 characters", { meta: { dt, id: "x".repeat(201) } }, "type_mismatch"],
    ["no meta.dt", { meta: { id: "e1" } }, "invalid_dt"],
    ["meta.dt without a zone", { meta: { id: "e1", dt: "2026-09-17T03:42:33" } }, "invalid_dt"],
    ["meta.dt a number", { meta: { id: "e1", dt: nowMs } }, "invalid_dt"],
    ["meta.dt 30 February", { meta: { id: "e1", dt: "2026-02-30T00:00:00Z" } }, "invalid_dt"],
    ["32 days old", { meta: { id: "e1", dt: "2026-08-16T00:00:00Z" } }, "dt_out_of_range"],
    ["11 minutes ahead", { meta: { id: "e1", dt: "2026-09-17T04:11:00Z" } }, "dt_out_of_range"],
  ])("%s is rejected with its reason", (_name, value, reason) => {
    expect(judge(value)).toEqual(rejected(reason));
  });

  test("the age limits do not hold for a replay", () => {
    expect(judge({ meta: { id: "e1", dt: "2016-06-27T00:00:11.080Z" } }, replay)).toMatchObject({ kind: "accepted" });
  });

  test.each([
    ["2026-09-17T03:42:33Z", Date.UTC(2026, 8, 17, 3, 42, 33)],
    ["2026-09-17T03:42:33.778Z", Date.UTC(2026, 8, 17, 3, 42, 33, 778)],
    ["2026-09-17T03:42:33.5Z", Date.UTC(2026, 8, 17, 3, 42, 33, 500)],
    ["2026-09-17T03:42:33+00:00", Date.UTC(2026, 8, 17, 3, 42, 33)],
    ["2026-09-17T05:42:33.778999+02:00", Date.UTC(2026, 8, 17, 3, 42, 33, 778)],
  ])("meta.dt %s is that instant", (text, eventTimestampMs) => {
    expect(judge({ meta: { id: "e1", dt: text } })).toMatchObject({ kind: "accepted", eventTimestampMs });
  });
});

describe("types of the known fields", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["id", { id: "12" }, "id: expected a whole number"],
    ["id", { id: 1.5 }, "id: expected a whole number"],
    ["user", { user: 3 }, "user: expected text"],
    ["bot", { bot: "false" }, "bot: expected true or false"],
    ["length", { length: 3 }, "length: expected an object"],
    ["length.new", { length: { new: "3" } }, "length.new: expected a whole number"],
    ["namespace", { namespace: 3e9 }, "namespace: expected a whole number from -2147483647 to 2147483647"],
    ["meta.topic", { meta: { ...meta, topic: 1 } }, "meta.topic: expected text"],
  ])("a wrong type is named: %s", (_field, fields, detail) => {
    expect(judge({ meta, ...fields })).toEqual(rejected("type_mismatch", detail));
  });

  test("an id beyond 2^53 is refused, for it cannot be kept exactly", () => {
    const text = `{"meta":${JSON.stringify(meta)},"id":9007199254740993}`;
    expect(judgeText(text)).toEqual(rejected("type_mismatch"));
    expect(judgeText(text.replace("740993", "740991"))).toMatchObject({ kind: "accepted" });
  });

  test("null counts as absent, in the event too", () => {
    const verdict = judge({ meta: { ...meta, uri: null }, user: null, length: { old: null, new: 3 }, revision: null });
    expect(verdict).toMatchObject({ kind: "accepted", event: { length: { new: 3 } } });
    if (verdict.kind !== "accepted") return;
    expect(Object.keys(verdict.event).sort()).toEqual(["length", "meta"]);
    expect(Object.keys(verdict.event.length ?? {})).toEqual(["new"]);
  });

  test("unknown keys, unknown event types and any log_params are taken", () => {
    for (const log_params of [[], ["a"], {}, "x", 7, null]) {
      expect(judge({ meta, type: "new-kind", colour: { of: "money" }, log_params })).toMatchObject({
        kind: "accepted",
      });
    }
  });

  test("a rejected event keeps its id and wiki for the dead letter, when they are usable text", () => {
    expect(judge({ meta, wiki: "enwiki", user: 1 })).toMatchObject({ eventId: "e1", wiki: "enwiki" });
    expect(judge({ meta, wiki: 5 })).toMatchObject({ eventId: "e1", wiki: undefined });
    const lone = judgeText(`{"meta":{"id":"\\ud800","dt":"${dt}"}}`);
    expect(lone).toMatchObject({ reason: "invalid_utf8", eventId: undefined });
  });
});

describe("real events", () => {
  const lines = (name: string) =>
    readFileSync(new URL(`../../../../shared/data/${name}`, import.meta.url), "utf8")
      .split("\n")
      .filter((line) => line !== "");
  test("each verbatim excerpt of 2019–2026 and each edit of 2023 is accepted, text unchanged", () => {
    for (const line of [
      ...lines("eventstreams_verbatim_excerpts.ndjson"),
      ...lines("polars_guide_wikimedia_100.ndjson"),
    ]) {
      expect(judgeRecord(bytesOf(line), replay)).toMatchObject({ kind: "accepted", text: line });
    }
  });
});
