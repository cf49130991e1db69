import { describe, expect, test } from "@jest/globals";
import { mergeBlacklistHits } from "../../../lib/lake/live-blacklist.ts";
import { compactSql, mergeWindows, newestPartitionSql, probeSql } from "../../../lib/lake/live-statements.ts";
import { liveTables } from "../../../lib/lake/live-tables.ts";
import { hoursBetween, inMinutes, inPartitions, minuteOf } from "../../../lib/lake/live-windows.ts";
import { parseStatement } from "../../../local/aws/athena/sql/parse.ts";
import { databases, literalsOf, rules } from "./live-fixtures.ts";

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 30);
const at = (text: string): number => minuteOf(Date.parse(`2026-11-${text}Z`));
const minutes = [at("20T23:59"), at("21T00:00"), at("21T00:01"), at("21T11:58")];
const tables = liveTables(rules);
const table = (name: string) => tables.find((one) => one.name === name) ?? tables[0];
const merge = (name: string): string => {
  const found = table(name);
  return found === undefined ? "" : mergeWindows(databases, found, minutes, nowMs);
};

describe("windows in a statement", () => {
  test("are joined to ranges", () => {
    expect(inMinutes("x", minutes)).toBe(
      "(x >= TIMESTAMP '2026-11-20 23:59:00.000' AND x < TIMESTAMP '2026-11-21 00:02:00.000' OR " +
        "x >= TIMESTAMP '2026-11-21 11:58:00.000' AND x < TIMESTAMP '2026-11-21 11:59:00.000')",
    );
  });

  test("name the hours of bronze that hold them, day by day, as literals", () => {
    expect(inPartitions(minutes)).toBe(
      "(event_date IN ('2026-11-20') AND event_hour IN (23) OR event_date IN ('2026-11-21') AND event_hour IN (0, 11))",
    );
  });

  test("of a span are all its hours, both ends included", () => {
    const hours = hoursBetween(Date.parse("2026-11-20T22:59:59Z"), Date.parse("2026-11-21T01:00:00Z"));
    expect(inPartitions(hours)).toContain(
      "event_hour IN (22, 23) OR event_date IN ('2026-11-21') AND event_hour IN (0, 1)",
    );
  });
});

describe("the statement of a live table", () => {
  test.each(tables.map(({ name }) => name))("%s reads bronze, writes itself and nothing else", (name) => {
    const { uses } = parseStatement(merge(name), undefined);
    expect(uses).toEqual([
      { database: databases.live, table: name, access: "write" },
      { database: databases.bronze, table: "raw_events", access: "read" },
      { database: databases.live, table: name, access: "read" },
    ]);
  });

  test.each(tables.map(({ name }) => name))("%s opens the partitions of its windows only, on both sides", (name) => {
    const sql = merge(name);
    expect(sql).toContain(inPartitions(minutes));
    expect(sql.match(/window_date IN \('2026-11-20', '2026-11-21'\)/g)).toHaveLength(2);
  });

  test("deletes what bronze no longer gives, rewrites what changed, and sets created_at once", () => {
    expect(merge("traffic_1min")).toContain("WHEN MATCHED AND s.gone THEN DELETE");
    expect(merge("traffic_1min")).toContain('"computed_at" = TIMESTAMP');
    const users = merge("user_edit_counts");
    expect(users.slice(users.indexOf("WHEN MATCHED THEN"), users.indexOf("WHEN NOT"))).not.toContain("created_at");
  });

  test("counts the namespaces that are configured", () => {
    const [, , users] = liveTables({ ...rules, namespaces: [4, 0] });
    expect(users?.select).toContain("namespace IN (0, 4)");
  });

  test("of every other minute of a day is within Athena's length", () => {
    const scattered = Array.from({ length: 720 }, (_, index) => (minutes[0] ?? 0) + 2 * index);
    for (const one of tables) expect(mergeWindows(databases, one, scattered, nowMs).length).toBeLessThan(262_144);
  });
});

describe("the search for new rows", () => {
  const span = { fromMs: nowMs - 60_000, toMs: nowMs };

  test("is held to literal hours and to the mark", () => {
    const sql = probeSql(databases, hoursBetween(nowMs, nowMs), span);
    expect(sql).toContain("event_date IN ('2026-11-21') AND event_hour IN (12)");
    expect(sql).toContain("bronze_processed_at > TIMESTAMP '2026-11-21 11:59:30.000'");
    expect(parseStatement(sql, undefined).substatementType).toBe("SELECT");
  });

  test("elsewhere opens metadata only, and never days to come", () => {
    const sql = newestPartitionSql(databases, span);
    expect(parseStatement(sql, undefined).uses).toEqual([
      { database: databases.bronze, table: "raw_events$partitions", access: "read" },
    ]);
    expect(sql).toContain("partition.event_date <= '2026-11-21'");
  });
});

test("joining small files names the days that are still written to", () => {
  expect(compactSql(databases, "traffic_1min", nowMs)).toBe(
    "OPTIMIZE wikilake_test_live.traffic_1min REWRITE DATA USING BIN_PACK WHERE window_date IN ('2026-11-20', '2026-11-21')",
  );
  expect(parseStatement(compactSql(databases, "blacklist_hits", nowMs), undefined).plan.kind).toBe("optimize");
});

describe("blacklist terms", () => {
  const [first] = rules.terms;
  const term = (over: object) =>
    [{ ...first, id: "t", pattern: "spam", type: "keyword", wikis: [], ...over }] as typeof rules.terms; // as: a term with some fields replaced
  const hits = (over: object): string => mergeBlacklistHits(databases, term(over), minutes, nowMs) ?? "";

  test("of the repository make a statement that reads bronze and writes hits", () => {
    const sql = mergeBlacklistHits(databases, rules.terms, minutes, nowMs) ?? "";
    expect(parseStatement(sql, undefined).uses).toEqual([
      { database: databases.live, table: "blacklist_hits", access: "write" },
      { database: databases.bronze, table: "raw_events", access: "read" },
    ]);
  });

  test("that have expired are left out; without any there is no statement", () => {
    expect(hits({ expires: "2026-11-20" })).toBe("");
    expect(hits({ expires: "2026-11-21" })).toContain("'spam'");
    expect(mergeBlacklistHits(databases, [], minutes, nowMs)).toBeUndefined();
  });

  test("are quoted, folded, and words of their own where asked", () => {
    expect(literalsOf(hits({ pattern: "It's (SPAM)", case_sensitive: false, whole_word: true }))).toContain(
      "(?:^|[^\\p{L}\\p{N}])it's \\(spam\\)(?:$|[^\\p{L}\\p{N}])",
    );
    expect(literalsOf(hits({ pattern: "A+", type: "regex", case_sensitive: true }))).toContain("(?:A+)");
  });

  test("of some wikis look at those only", () => {
    expect(hits({ wikis: ["enwiki", "dewiki"] })).toContain("wiki IN ('enwiki', 'dewiki')");
  });

  test("with characters that hide something never reach a statement", () => {
    expect(() => hits({ pattern: "a\u202eb" })).toThrow(/refused to put/);
    expect(() => hits({ pattern: "a\nb" })).toThrow(/refused to put/);
  });
});
