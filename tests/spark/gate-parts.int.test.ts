import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type Fields, type PureHarness, startPureHarness } from "./harness/pure.ts";

// The first use on a machine fetches the engines.
jest.setTimeout(900_000);

let pure: PureHarness;
const ask: PureHarness["ask"] = (command, fields) => pure.ask(command, fields);

beforeAll(async () => {
  pure = await startPureHarness();
});
afterAll(() => pure?.close());

const days = (count: number, sums: Fields, table = "raw_events"): Fields =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`2026-11-${String(10 + n).padStart(2, "0")}`, { [table]: sums }]),
  );

describe("a rule", () => {
  test.each([
    ["RowCount", "RowCount without a constraint asks nothing"],
    ['Completeness "user"', "Completeness without a constraint asks nothing"],
    ['CustomSql "select count(*) as v from primary"', "CustomSql without a constraint asks nothing"],
    ['ColumnValues "region" in []', "not a constraint: in []"],
    ["RowCount >= 0", "RowCount holds whatever the data"],
    ["RowCount > -1", "RowCount holds whatever the data"],
    ['Completeness "user" >= 0', "Completeness holds whatever the data"],
    ['Uniqueness "user" <= 1', "Uniqueness holds whatever the data"],
    ['CustomSql "select 0 as v" = 0', "CustomSql over no table says the same whatever the data"],
    ['DataFreshness "at" < 5 hours', "DataFreshness is not one of "],
    ["IsPrimaryKey", "IsPrimaryKey needs 1 quoted name(s)"],
  ])("that asks nothing or cannot fail is refused: %s", async (text, reason) => {
    expect(await ask("rule", { text })).toContain(reason);
    const file = `# B-01 | completeness | fail | there are rows\nRowCount > 0\n\n# B-02 | validity | fail | the rule\n${text}\n`;
    expect(await ask("ruleset", { text: file })).toContain("x.dqdl: B-02: ");
  });

  const ruleset = '# B-01 | completeness | fail | rows\nRowCount > 0\n# B-02 | drift | warn | w\nIsComplete "a"\n';
  test.each([
    ["answered", { "B-01": "passed", "B-02": "passed" }, ["PASSED", [], []]],
    ["not met, and only a warning", { "B-01": "passed", "B-02": "failed" }, ["PASSED", [], ["B-02"]]],
    ["not met", { "B-01": "failed", "B-02": "passed" }, ["FAILED", ["B-01"], []]],
    ["without an answer", { "B-01": "passed" }, ["ERROR", ["B-02"], []]],
    ["that raised", { "B-01": "passed", "B-02": "error" }, ["ERROR", ["B-02"], []]],
    ["skipped", { "B-01": "passed", "B-02": "skipped" }, ["ERROR", ["B-02"], []]],
    ["answered in a way nobody knows", { "B-01": "passed", "B-02": "Maybe" }, ["ERROR", ["B-02"], []]],
  ])("%s decides the gate", async (_, outcomes, verdict) => {
    expect(await ask("verdicts", { ruleset, outcomes })).toEqual(verdict);
  });
});

describe("drift", () => {
  test("of the same mix is nothing, of another one grows", async () => {
    const before = { edit: 700, log: 200, new: 100 };
    expect(await ask("psi", { now: before, before })).toBe(0);
    expect(await ask("psi", { now: { edit: 600, log: 250, new: 150 }, before })).toBeCloseTo(0.047, 2);
    expect(await ask("psi", { now: { categorize: 1000 }, before })).toBeGreaterThan(5);
    expect(await ask("psi", { now: {}, before })).toBeGreaterThan(5);
    // A column that nobody counted in the week before.
    expect(await ask("psi", { now: { a: 1 }, before: {} })).toBe(0);
  });

  const nulls = { profile: { rows: 2000, nulls: { user: 0.08 } }, day: "2026-11-20", columns: ["user"] };
  test("of nulls is the share now and that of the week before", async () => {
    const week = days(7, { rows: 1000, "null:user": 20 });
    expect(await ask("nulls", { ...nulls, days: week })).toEqual([["user", 0.08, 0.02, null]]);
  });

  test("without a week of history is one row that says so; with a lost history no row at all", async () => {
    const six = days(6, { rows: 1000, "null:user": 20 });
    expect(await ask("nulls", { ...nulls, days: six })).toEqual([["*", 0, 0, "no_baseline"]]);
    expect(await ask("nulls", { ...nulls, days: "lost" })).toEqual([]);
    const few = { ...nulls, profile: { rows: 999, nulls: {} } };
    expect(await ask("nulls", { ...few, days: days(7, { rows: 1 }) })).toEqual([["*", 0, 0, "too_few_rows"]]);
    const mix = { profile: { rows: 2000, counts: {} }, day: "2026-11-20", columns: ["is_bot"] };
    expect(await ask("mix", { ...mix, days: {} })).toEqual([["*", 0, 0, "no_baseline"]]);
    expect(await ask("mix", { ...mix, days: "lost" })).toEqual([]);
  });

  test("looks at days before only", async () => {
    const later = days(7, { rows: 1000, "null:user": 20 });
    expect(await ask("nulls", { ...nulls, day: "2026-11-12", days: later })).toEqual([["*", 0, 0, "no_baseline"]]);
  });

  const hour = { start: "2026-11-20T10:05:00", end: "2026-11-20T10:15:00" };
  const usual = days(7, { rows: 1, "volume_rows:10": 20_000, "volume_minutes:10": 10 });
  test("of the volume compares the same minutes of other days", async () => {
    expect(await ask("volume", { ...hour, rows: 20_000, days: usual })).toMatchObject({ z: 0, ratio: 1, reason: null });
    expect(await ask("volume", { ...hour, rows: 9000, days: usual })).toMatchObject({
      z: -11,
      ratio: 0.45,
      expected: 20_000,
    });
    const other = { start: "2026-11-20T11:05:00", end: "2026-11-20T11:15:00" };
    expect(await ask("volume", { ...other, rows: 1, days: usual })).toMatchObject({
      z: 0,
      ratio: 1,
      reason: "no_baseline",
    });
    const none = { ...hour, start: null };
    expect(await ask("volume", { ...none, rows: 1, days: usual })).toMatchObject({ reason: "not_comparable" });
    expect(await ask("volume", { ...hour, rows: 1, days: "lost" })).toMatchObject({ z: null, ratio: null });
  });

  test("books a run to the hour of its middle, and an outage to none", async () => {
    expect(await ask("booked", { ...hour, rows: 5 })).toEqual({ "volume_rows:10": 5, "volume_minutes:10": 10 });
    expect(await ask("booked", { start: "2026-11-20T01:00:00", end: "2026-11-20T10:00:00", rows: 5 })).toEqual({});
  });

  test.each(["", "{", "[]", '{"version": 2, "runs": 1, "days": {}}', '{"version": 1, "runs": 1, "days": {"x": {}}}'])(
    "takes a baseline that cannot be read for none: %j",
    async (text) => {
      expect(await ask("baselines", { text })).toBeNull();
    },
  );
});

describe("notices", () => {
  test("are sent once, counted within their window, sent again after it, and resolved once", async () => {
    const firing = [["A-01", "silver_dq/cleaned_events", true]];
    const over = [["A-01", "silver_dq/cleaned_events", false]];
    const steps = [
      [0, firing],
      [10, firing],
      [20, firing],
      [61, firing],
      [70, over],
      [80, over],
      [90, firing],
    ];
    const states = (await ask("notices", { steps })) as readonly (readonly (readonly unknown[])[])[]; // pure.py's shape
    expect(states.map((rows) => rows.map(([, , state, count]) => [state, count]))).toEqual([
      [["firing", 0]],
      [["repeated", 1]],
      [["repeated", 2]],
      [["firing", 2]],
      [["resolved", 0]],
      [],
      [["firing", 0]],
    ]);
  });

  test("of an entity and day are sent once, whatever comes after", async () => {
    const risky = [["A-15", "user:Ada/2026-11-20", true]];
    expect(
      await ask("notices", {
        steps: [
          [0, risky],
          [300, risky],
          [310, [["A-15", "user:Ada/2026-11-20", false]]],
        ],
      }),
    ).toEqual([[["A-15", "user:Ada/2026-11-20", "firing", 0]], [["A-15", "user:Ada/2026-11-20", "repeated", 1]], []]);
  });

  test("beyond twenty in ten minutes are recorded and not sent", async () => {
    const many = Array.from({ length: 25 }, (_, n) => ["A-15", `user:${n}/2026-11-20`, true]);
    const [rows] = (await ask("notices", { steps: [[0, many]] })) as readonly (readonly (readonly unknown[])[])[]; // idem
    expect(rows?.filter(([, , state]) => state === "firing")).toHaveLength(20);
    expect(rows?.filter(([, , state]) => state === "suppressed")).toHaveLength(5);
  });

  test("show foreign text escaped, in one line, without links, cut, and addresses by their network", async () => {
    expect(await ask("shown", { text: "<b>hi</b>\n*x* https://evil.example" })).toBe(
      "&lt;b&gt;hi&lt;/b&gt; *x* https//evil.example",
    );
    expect(await ask("shown", { text: "x".repeat(300) })).toHaveLength(200);
    expect(await ask("shown", { text: "192.0.2.77", user_kind: "ip" })).toBe("192.0.2.0/24");
    expect(await ask("shown", { text: "2001:DB8:0:1::1", user_kind: "ip" })).toBe("2001:db8::/48");
  });
});
