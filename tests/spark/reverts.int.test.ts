import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { coreFlags } from "./core-tables.ts";
import { edit, onPartition } from "./fixtures.ts";
import { type Row, type SparkHarness, startSparkHarness } from "./harness/spark-harness.ts";

// A session and a cycle take seconds when the machine is idle, minutes when the engines must be fetched first.
jest.setTimeout(900_000);

let spark: SparkHarness;
beforeAll(async () => {
  spark = await startSparkHarness();
});
afterAll(() => spark?.close());

type Step = {
  readonly user: string | null;
  readonly length: number;
  readonly comment?: string;
  readonly at?: string;
  readonly fields?: Row;
};

const minute = (number: number): string => `2026-11-20T10:${String(number).padStart(2, "0")}:00.000`;

/**
 * The edits of one page in order, revision ids rising by one from `first`; each goes on from the one before, a minute later.
 */
function page(title: string, first: number, steps: readonly Step[]): readonly Row[] {
  return steps.map(({ user, length, comment = "because", at, fields }, index) =>
    edit({
      title,
      user,
      comment,
      event_timestamp: at ?? minute(index),
      bronze_processed_at: "2026-11-20T23:00:00.000",
      revision_old: first + index - 1,
      revision_new: first + index,
      length_old: steps[index - 1]?.length ?? 1000,
      length_new: length,
      ...fields,
    }),
  );
}

const undid = (revision: number, user: string): string =>
  `Undid revision ${revision} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`;

/** Page → its steps, and what is expected of the last: null for no revert. */
const cases: readonly (readonly [string, readonly Step[], Row | null])[] = [
  [
    "bytes and summary agree",
    [
      { user: "Ada", length: 1100 },
      { user: "192.0.2.7", length: 100 },
      { user: "Bob", length: 1100, comment: undid(1001, "192.0.2.7") },
    ],
    {
      method: "undo",
      confidence: 0.99,
      reverted_revision: 1001,
      reverted_user: "192.0.2.7",
      reverted_user_kind: "ip",
      is_self_revert: false,
      undone_revisions: 1,
      seconds_to_revert: 60,
      reverting_user: "Bob",
      reverting_user_kind: "registered",
      reverting_revision: 1002,
    },
  ],
  [
    "bytes alone",
    [
      { user: "Ada", length: 1100 },
      { user: "~2026-1-2", length: 1300 },
      { user: "Bob", length: 1100 },
    ],
    { method: "byte_inverse", confidence: 0.95, reverted_user_kind: "temporary", undone_revisions: 1 },
  ],
  [
    "bytes alone, a new page's first edit",
    [
      { user: "Ada", length: 1100, fields: { event_type: "new", revision_old: null } },
      { user: "Eve", length: 1300 },
      { user: "Bob", length: 1100 },
    ],
    { method: "byte_inverse", reverted_user: "Eve" },
  ],
  [
    "one's own edit taken back",
    [
      { user: "Ada", length: 1100 },
      { user: "Bob", length: 1300 },
      { user: "Bob", length: 1100 },
    ],
    { method: "restored_length", confidence: 0.8, is_self_revert: true, reverted_user: "Bob" },
  ],
  [
    "several edits taken back at once",
    [
      { user: "Ada", length: 1100 },
      { user: "Eve", length: 1300 },
      { user: "Eve", length: 1250 },
      { user: "Eve", length: 900 },
      { user: "Bob", length: 1100 },
    ],
    { method: "restored_length", confidence: 0.8, undone_revisions: 3, reverted_revision: 1003, is_self_revert: false },
  ],
  [
    "a rollback that names the user",
    [
      { user: "Eve", length: 1300 },
      {
        user: "Bob",
        length: 1200,
        comment: "Reverted edits by [[Special:Contributions/Eve|Eve]] to last version by Ada",
      },
    ],
    { method: "rollback", confidence: 0.9, reverted_user: "Eve", reverted_event_id: expect.anything() },
  ],
  [
    "an edit that was never captured, named",
    [{ user: "Bob", length: 1200, comment: undid(400, "Eve") }],
    { method: "undo", confidence: 0.97, reverted_revision: 400, reverted_user: "Eve", reverted_event_id: null },
  ],
  [
    "an older edit, named, with another between",
    [
      { user: "Eve", length: 1300 },
      { user: "Ada", length: 1350 },
      { user: "Bob", length: 1050, comment: undid(1000, "Eve") },
    ],
    { confidence: 0.97, reverted_revision: 1000, reverted_user: "Eve", seconds_to_revert: 120 },
  ],
  [
    "a summary that names a revision from the future",
    [
      { user: "Eve", length: 1300 },
      { user: "Bob", length: 1350, comment: undid(999_999, "Ada") },
    ],
    { confidence: 0.9, reverted_revision: 1000, reverted_user: "Eve" },
  ],
  [
    "ids that do not rise",
    [{ user: "Bob", length: 1200, comment: undid(7, "Eve"), fields: { revision_old: 5000, revision_new: 4000 } }],
    null,
  ],
  [
    "the same bytes by chance, further away",
    [
      { user: "Eve", length: 1300 },
      { user: "Ada", length: 1400 },
      { user: "Bob", length: 1500 },
    ],
    null,
  ],
  [
    "nothing changed",
    [
      { user: "Eve", length: 1300 },
      { user: "Bob", length: 1300 },
    ],
    null,
  ],
  [
    "more than two weeks later",
    [
      { user: "Ada", length: 1100, at: "2026-11-01T10:00:00.000" },
      { user: "Eve", length: 1300, at: "2026-11-01T10:01:00.000" },
      { user: "Bob", length: 1100, at: "2026-11-16T10:00:00.000" },
    ],
    null,
  ],
  [
    "a length of eleven revisions ago",
    [
      { user: "Ada", length: 1100 },
      ...Array.from({ length: 11 }, (_, n) => ({ user: "Eve", length: 2000 + n * n })),
      { user: "Bob", length: 1100 },
    ],
    null,
  ],
  [
    "hidden users on both sides",
    [
      { user: "Ada", length: 1100 },
      { user: null, length: 1300 },
      { user: null, length: 1100 },
    ],
    { method: "restored_length", is_self_revert: false, reverted_user: null, reverted_user_kind: "hidden" },
  ],
];

describe("silver.reverts", () => {
  let found: ReadonlyMap<string, Row>;
  beforeAll(async () => {
    await spark.createLake("rev");
    const rows = cases.flatMap(([title, steps]) => page(title, 1000, steps));
    await spark.appendBronze("rev", onPartition(rows));
    expect(await spark.run({ prefix: "rev", runId: "rev-1", flags: coreFlags })).toEqual({ exit: 0 });
    const last = new Map(cases.map(([title]) => [title, rows.findLast((row) => row["title"] === title)?.["event_id"]]));
    const stored = await spark.sql("select * from lake.rev_silver.reverts");
    found = new Map(
      stored
        .filter((row) => last.get(String(row["title"])) === row["revert_event_id"])
        .map((row) => [String(row["title"]), row]),
    );
  });

  test.each(cases.map(([title, , expected]) => [title, expected] as const))("%s", (title, expected) => {
    if (expected === null) expect(found.get(title)).toBeUndefined();
    else expect(found.get(title)).toMatchObject(expected);
  });

  test("has one row an edit, and names captured edits by their ids", async () => {
    const [row] = await spark.sql(
      `select count(*) as n, count(distinct revert_event_id) as ids,
        count_if(reverted_event_id is not null and e.event_id is null) as lost
      from lake.rev_silver.reverts r left join lake.rev_silver.cleaned_events e on e.event_id = r.reverted_event_id`,
    );
    expect(row).toMatchObject({ lost: 0 });
    expect(row?.["n"]).toBe(row?.["ids"]);
  });

  test("is counted in gold without what people take back of their own", async () => {
    const [row] = await spark.sql(
      "select sum(revert_count) as made, sum(reverted_edits) as undone from lake.rev_gold.hourly_stats",
    );
    const [counted] = await spark.sql(
      `select count(*) as made, count(distinct reverted_event_id) as undone
      from lake.rev_silver.reverts where not is_self_revert`,
    );
    expect(row).toEqual(counted);
    expect(Number(row?.["made"])).toBeGreaterThan(5);
  });
});

describe("a revert that arrives later", () => {
  const counts = (prefix: string): Promise<readonly Row[]> =>
    spark.sql(
      `select stat_hour, revert_count, reverted_edits from lake.${prefix}_gold.hourly_stats
      where revert_count + reverted_edits > 0 order by stat_hour`,
    );

  test("marks the hour of the edit it undid, and a rebuild says the same", async () => {
    await spark.createLake("later");
    const rows = page("Contested", 1000, [
      { user: "Ada", length: 1100 },
      { user: "Eve", length: 1300 },
      { user: "Bob", length: 1100, at: "2026-11-20T13:00:00.500" },
    ]);
    await spark.appendBronze("later", onPartition(rows.slice(0, 2)));
    expect(await spark.run({ prefix: "later", runId: "later-1", flags: coreFlags })).toEqual({ exit: 0 });
    expect(await counts("later")).toEqual([]);
    await spark.appendBronze("later", onPartition(rows.slice(2), 2));
    expect(await spark.run({ prefix: "later", runId: "later-2", flags: coreFlags })).toEqual({ exit: 0 });
    const expected = [
      { stat_hour: 10, revert_count: 0, reverted_edits: 1 },
      { stat_hour: 13, revert_count: 1, reverted_edits: 0 },
    ];
    expect(await counts("later")).toEqual(expected);
    expect(await spark.run({ prefix: "later", runId: "later-3", flags: [...coreFlags, "--rebuild"] })).toEqual({
      exit: 0,
    });
    expect(await counts("later")).toEqual(expected);
  });

  test("is not called reverted when it was undone after two days", async () => {
    await spark.createLake("slow");
    const rows = page("Slow", 1000, [
      { user: "Ada", length: 1100, at: "2026-11-10T10:00:00.000" },
      { user: "Eve", length: 1300, at: "2026-11-10T10:01:00.000" },
      { user: "Bob", length: 1100, at: "2026-11-12T10:01:01.000" },
    ]);
    await spark.appendBronze("slow", onPartition(rows));
    expect(await spark.run({ prefix: "slow", runId: "slow-1", flags: coreFlags })).toEqual({ exit: 0 });
    expect(await counts("slow")).toEqual([{ stat_hour: 10, revert_count: 1, reverted_edits: 0 }]);
  });

  test("is found though the edit it undid comes after it", async () => {
    await spark.createLake("order");
    const rows = page("Out of order", 1000, [
      { user: "Ada", length: 1100 },
      { user: "Eve", length: 1300 },
      { user: "Bob", length: 1100 },
    ]);
    const [first, second, third] = rows;
    await spark.appendBronze("order", onPartition([first ?? {}, third ?? {}]));
    expect(await spark.run({ prefix: "order", runId: "order-1", flags: coreFlags })).toEqual({ exit: 0 });
    await spark.appendBronze("order", onPartition([second ?? {}], 2));
    expect(await spark.run({ prefix: "order", runId: "order-2", flags: coreFlags })).toEqual({ exit: 0 });
    expect(await spark.sql("select method, reverted_user from lake.order_silver.reverts")).toEqual([
      { method: "byte_inverse", reverted_user: "Eve" },
    ]);
  });
});

test("a run that died between the two tables of silver is caught up, without a new row", async () => {
  await spark.createLake("between");
  const rows = page("Contested", 1000, [
    { user: "Ada", length: 1100 },
    { user: "Eve", length: 1300 },
    { user: "Bob", length: 1100 },
  ]);
  await spark.appendBronze("between", onPartition(rows));
  expect(await spark.run({ prefix: "between", runId: "b-1", crashAt: "silver_published", flags: coreFlags })).toEqual({
    killed: "silver_published",
  });
  const count = async (table: string): Promise<unknown> =>
    (await spark.sql(`select count(*) as n from lake.between_${table}`))[0]?.["n"];
  expect([await count("silver.cleaned_events"), await count("silver.reverts")]).toEqual([3, 0]);
  expect(await spark.run({ prefix: "between", runId: "b-2", flags: coreFlags })).toEqual({ exit: 0 });
  expect(await count("silver.reverts")).toBe(1);
  expect(await spark.sql("select sum(reverted_edits) as n from lake.between_gold.hourly_stats")).toEqual([{ n: 1 }]);
});
