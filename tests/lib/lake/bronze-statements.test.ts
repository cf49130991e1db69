import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { describeBatch } from "../../../lib/lake/bronze-batch.ts";
import { bronzeStatements } from "../../../lib/lake/bronze-statements.ts";
import { LakeError } from "../../../lib/lake/errors.ts";
import { opsStatements } from "../../../lib/lake/ops-statements.ts";
import { event, facts, nowMs, pending, record, rowOf } from "./fixtures.ts";

const builders = bronzeStatements({ bronze: "wikilake_test_bronze", stage: "wikilake_test_stage" });
const write = (table: "raw_events" | "dead_letter", ...batches: Parameters<typeof pending>[0][]): string =>
  builders[table]?.write(batches.map((batch) => pending({ table, ...batch }))) ?? "";

describe("the statement of an epoch", () => {
  test("inserts rows of its kind from exactly the named batches", () => {
    const sql = write("raw_events", {});
    expect(sql).toMatch(/^INSERT INTO "wikilake_test_bronze"\."raw_events" \("event_id", /);
    expect(sql).toContain(`s.batch IN ('${"a".repeat(64)}') AND s.row_kind = 'event'`);
    expect(write("dead_letter", {})).toContain("s.row_kind = 'dead_letter'");
  });

  test("looks for each record in both tables", () => {
    for (const table of ["raw_events", "dead_letter"] as const) {
      const sql = write(table, {});
      expect(sql).toContain('FROM "wikilake_test_bronze"."raw_events" t WHERE');
      expect(sql).toContain('FROM "wikilake_test_bronze"."dead_letter" t WHERE');
      expect(sql).toMatch(/AND t\.kafka_topic IS NULL$/);
    }
  });

  test("gives the target literals by which files are left out: hours, partitions, offsets", () => {
    const other = facts({
      id: "b".repeat(64),
      ranges: [{ partition: 7, first: 500, last: 900 }],
      tables: { raw_events: { rows: 3, partitions: ["2026-11-20/23", "2026-11-21/0"] } },
    });
    const sql = write("raw_events", {}, { facts: other });
    expect(sql).toContain("t.event_date IN ('2026-11-20', '2026-11-21') AND t.event_hour IN (0, 11, 23)");
    expect(sql).toContain("t.kafka_partition IN (0, 7) AND t.kafka_offset BETWEEN 0 AND 900");
    expect(sql).toContain("t.dl_date IN ('2026-11-21')");
  });

  test("names every column of the table, reserved words quoted, and widens timestamps by an explicit cast", () => {
    const sql = write("raw_events", {});
    expect(sql).toContain('s."user", s."comment"');
    expect(sql).toContain('CAST(s."kafka_timestamp" AS timestamp(6))');
  });

  test("is far below the limit of a statement's length with the largest group", () => {
    const batches = Array.from({ length: 64 }, (_, index) =>
      pending({ facts: facts({ id: index.toString(16).padStart(64, "0") }) }),
    );
    expect(builders["raw_events"]?.write(batches).length).toBeLessThan(262_144 / 4);
  });

  test.each([
    ["an id that is no hash", { id: "x' OR 1=1 --" }],
    ["a date that is none", { brokerDates: ["2026-11-21'); DROP TABLE x; --"] }],
    ["an offset that is no number", { ranges: [{ partition: 0, first: Number.NaN, last: 1 }] }],
    ["a partition of hostile text", { tables: { raw_events: { rows: 1, partitions: ["'||(select 1)||'/3"] } } }],
  ])("refuses %s instead of writing it", (_, over) => {
    expect(() => write("raw_events", { facts: facts(over) })).toThrow(LakeError);
  });

  test("never contains event text, whatever the events say", () => {
    const hostile = fc.oneof(
      fc.string({ minLength: 3, unit: "binary" }),
      fc.constantFrom(
        "'; DROP TABLE bronze; --",
        "\u202e' OR ''='",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a stage location, as text
        "${batch}",
        "<script>",
        "\u0000x'",
        "') UNION SELECT",
      ),
    );
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 5 }), (texts) => {
        const secret = "zqx";
        const entries = texts.map((text, offset) => {
          const marked = `${secret}${text}`;
          const fields = { title: marked, user: marked, comment: marked, wiki: marked, type: marked };
          const of = record(event({ ...fields, meta: { id: marked, dt: "2026-11-21T11:00:00Z" } }), { offset });
          return { record: of, row: rowOf(of) };
        });
        const described = describeBatch(entries, { now: () => nowMs, judgeVersion: "1" });
        for (const table of ["raw_events", "dead_letter"] as const) {
          const builder = builders[table];
          const batch = [pending({ table, facts: described })];
          expect(builder?.write(batch)).not.toContain(secret);
          expect(builder?.verify(batch)).not.toContain(secret);
        }
      }),
    );
  });
});

describe("the statements of the ledgers", () => {
  const ops = opsStatements({ ops: "wikilake_test_ops", stage: "wikilake_test_stage" });
  const batch = (table: string, partition: string) =>
    pending({ table, facts: facts({ tables: { [table]: { rows: 1, partitions: [partition] } } }) });

  test("insert a session or a minute whose key is not there, once however often it was staged", () => {
    const sql = ops["ingest_minutes"]?.write([batch("ingest_minutes", "2026-11-21")]) ?? "";
    expect(sql).toContain('PARTITION BY s."minute", s."shim_epoch", s."source_topic"');
    expect(sql).toContain("s.copy_number = 1");
    expect(sql).toContain(`t."log_date" IN ('2026-11-21')`);
  });

  test("update a gap or a run only with a row that is over or newer", () => {
    const sql = ops["feed_gaps"]?.write([batch("feed_gaps", "2026-11")]) ?? "";
    expect(sql).toMatch(/^MERGE INTO "wikilake_test_ops"\."feed_gaps" t USING/);
    expect(sql).toContain(`t."gap_month" IN ('2026-11')`);
    expect(sql).toContain(`(t."status" = 'open' AND s."status" <> 'open')`);
  });
});
