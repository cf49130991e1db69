import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Verdict } from "../../../lib/core/verdict.ts";
import { judgeRecord } from "../../../lib/steps/judge-record.ts";

const nowMs = Date.UTC(2026, 8, 17, 4, 0, 0);
const context = { sourceKind: "live", nowMs, canary: "drop" } as const;
const judge = (bytes: Uint8Array) => judgeRecord(bytes, context);
const encode = (value: unknown) => Buffer.from(JSON.stringify(value), "utf8");

/** Close to a real event, each part sometimes missing, null or of a wrong type. */
const wrong = fc.oneof(fc.constant(null), fc.integer(), fc.string(), fc.boolean(), fc.constant([]), fc.double());
const often = <T>(value: fc.Arbitrary<T>) =>
  fc.option(fc.oneof({ weight: 9, arbitrary: value }, wrong), { nil: undefined });
const meta = fc.record({
  id: often(fc.uuid()),
  dt: often(
    fc
      .date({ min: new Date(nowMs - 40 * 86_400_000), max: new Date(nowMs + 3_600_000), noInvalidDate: true })
      .map((d) => d.toISOString()),
  ),
  domain: often(fc.constantFrom("en.wikipedia.org", "canary")),
  topic: often(fc.constantFrom("eqiad.mediawiki.recentchange", "codfw.mediawiki.recentchange")),
  offset: often(fc.maxSafeNat()),
});
const event = fc.record({
  meta: fc.oneof({ weight: 9, arbitrary: meta }, wrong),
  id: often(fc.maxSafeNat()),
  title: often(fc.string({ unit: "grapheme" })),
  user: often(fc.string({ unit: "binary" })),
  bot: often(fc.boolean()),
  length: often(fc.record({ old: often(fc.nat()), new: often(fc.nat()) })),
  wiki: often(fc.constant("enwiki")),
  log_params: fc.jsonValue({ depthSize: "large" }),
  "": fc.anything().map(() => 0),
});

test("any bytes get exactly one verdict and nothing is thrown", () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
    event.map(encode),
    fc.tuple(event.map(encode), fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
      bytes[at % bytes.length] = value;
      return bytes;
    }),
    fc.tuple(event.map(encode), fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length)),
  );
  fc.assert(
    fc.property(fc.array(anyBytes, { maxLength: 8 }), (records) => {
      const counts = { accepted: 0, dropped: 0, rejected: 0 };
      for (const bytes of records) {
        const verdict = judge(bytes);
        counts[verdict.kind] += 1;
        if (verdict.kind === "rejected") expect(verdict.detail.length).toBeLessThanOrEqual(200);
      }
      expect(counts.accepted + counts.dropped + counts.rejected).toBe(records.length);
    }),
    { numRuns: 500 },
  );
});

const summary = (verdict: Verdict) =>
  verdict.kind === "accepted" ? { ...verdict, text: "", event: sorted(verdict.event) } : verdict;

function sorted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function reversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, reversedKeys(part)]),
  );
}

test("the verdict does not depend on the order of keys", () => {
  fc.assert(
    fc.property(event, (value) => {
      expect(summary(judge(encode(reversedKeys(value))))).toEqual(summary(judge(encode(value))));
    }),
    { numRuns: 500 },
  );
});

test("the text of an accepted event encodes to the very bytes that came in", () => {
  fc.assert(
    fc.property(event, fc.constantFrom("", " ", "\n  "), (value, indent) => {
      const bytes = Buffer.from(JSON.stringify(value, null, indent), "utf8");
      const verdict = judge(bytes);
      if (verdict.kind === "accepted") expect(Buffer.from(verdict.text, "utf8").equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
