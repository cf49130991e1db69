import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { type PureHarness, startPureHarness } from "./harness/pure.ts";

// The first use on a machine fetches the engines.
jest.setTimeout(900_000);

let pure: PureHarness;
beforeAll(async () => {
  pure = await startPureHarness();
});
afterAll(() => pure?.close());

type Section = readonly [kind: string, name: string, cached: boolean, sql: string];
const table: Readonly<Record<string, string>> = {
  "gold/days/about.yml": [
    "layer: gold",
    "table: days",
    "order: 1",
    "key: [wiki, hour]",
    "partition: [stat_date]",
    "input: bronze.raw_events",
    "reads: processed_since",
    "processed_column: gold_processed_at",
    "late: L2",
  ].join("\n"),
  "gold/days/table.sql": `CREATE TABLE IF NOT EXISTS \${database_prefix}_gold.days (
  wiki string COMMENT 'w',
  hour int COMMENT 'h',
  edits bigint COMMENT 'e',
  stat_date string COMMENT 'd',
  gold_processed_at timestamp COMMENT 'p'
)
PARTITIONED BY (stat_date)
LOCATION 's3://\${lake_bucket}/gold/days/'
TBLPROPERTIES ('table_type' = 'ICEBERG');
`,
  "gold/days/checks.sql": "",
  "gold/days/checks.dqdl": "",
};
const sectionsOf = async (load: string, pieces: Readonly<Record<string, string>> = {}): Promise<readonly Section[]> =>
  (await pure.ask("load", { files: { ...table, ...pieces, "gold/days/load.sql": load } })) as readonly Section[]; // pure.py's own shape

describe("a piece of SQL", () => {
  test("stands in a load as deep as the line that uses it, with what it is given", async () => {
    const load = "-- @view touched\nselect\n  -- @use hours\n  --   from: a.b (c, d)\n  --   n: 2\nfrom x\n";
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the runner's placeholders
    const pieces = { "sql/hours.sql": "hour(${use.from}) as h,\n${use.n} as n, ${mark} as m\n" };
    const [section] = await sectionsOf(load, pieces);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: idem
    expect(section?.[3]).toBe("select\n  hour(a.b (c, d)) as h,\n  2 as n, ${mark} as m\nfrom x");
  });

  test("of the table's own folder may hold whole sections, and further pieces", async () => {
    const pieces = {
      "gold/days/first.sql": "-- @view a\nselect 1\n\n-- @use ./second\n",
      "gold/days/second.sql": "-- @view b\nselect 2\n",
    };
    const found = await sectionsOf("-- @use ./first\n\n-- @view c cached\nselect 3\n", pieces);
    expect(found.map(([kind, name, cached]) => [kind, name, cached])).toEqual([
      ["view", "a", false],
      ["view", "b", false],
      ["view", "c", true],
    ]);
  });

  test.each([
    ["that is not there", "-- @use none\n", {}, "sql/none.sql is not part of the job's files"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: idem
    ["that is given too little", "-- @use p\n", { "sql/p.sql": "${use.gap}\n" }, "@use p: takes gap, is given nothing"],
    [
      "that is given too much",
      "-- @use p\n--   gap: 1\n",
      { "sql/p.sql": "x\n" },
      "@use p: takes nothing, is given gap",
    ],
    ["that uses itself", "-- @use p\n", { "sql/p.sql": "-- @use p\n" }, "pieces use each other without end"],
  ])("%s is refused by name", async (_, load, pieces, message) => {
    await expect(sectionsOf(load, pieces)).rejects.toThrow(message);
  });
});

describe("the changes of a table", () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: idem
  const load = "-- @changes stored\n\n-- @merge_changes\nt.stat_date in (${dates})\n";

  test("are rows that are new, gone, or differ in a column that is no key and no time of processing", async () => {
    const [changes] = await sectionsOf(load);
    expect(changes?.slice(0, 3)).toEqual(["view", "changes", true]);
    expect(changes?.[3]).toContain("full outer join stored e on f.wiki = e.wiki and f.hour = e.hour");
    expect(changes?.[3]).toContain("not (f.`edits` <=> e.`edits` and f.`stat_date` <=> e.`stat_date`)");
  });

  test("are merged by partition and key, within the part of the target that the load names", async () => {
    const [, merge] = await sectionsOf(load);
    expect(merge?.[0]).toBe("merge");
    expect(merge?.[3]).toContain(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: idem
      "on t.stat_date in (${dates})\n  and t.stat_date = s.row_stat_date and t.wiki = s.row_wiki and t.hour = s.row_hour\n",
    );
  });

  test("may have others beside them", async () => {
    const [changes] = await sectionsOf(load.replace("stored", "stored and settled"));
    expect(changes?.[3]).toMatch(/union all\nselect stat_date as row_stat_date, .* false as is_gone, \* from settled$/);
  });
});
