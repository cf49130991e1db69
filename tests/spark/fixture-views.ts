import type { Views } from "./gate-fixtures.ts";

/** Column → SQL expression over `id`, the number of the row. */
export type Columns = Readonly<Record<string, string>>;

export const select = (columns: Columns, from: string): string =>
  `select ${Object.entries(columns)
    .map(([name, expression]) => `${expression} as \`${name}\``)
    .join(", ")} from ${from}`;

export const rows = (columns: Columns, count = 100): string => select(columns, `range(${count})`);

/** One row in a hundred. */
export const some = "id = 7";
/** One row in a hundred is another one. */
export const changed = (columns: Columns, name: string, value: string): string =>
  rows({ ...columns, [name]: `if(${some}, ${value}, ${columns[name] ?? "null"})` });

/** What the gates before a gold table have said: bronze's, and that of the layer the table reads. */
export const upstream = (status: string, judged: number, gate = "gold_dq"): Views => ({
  upstream: `select * from values ('bronze_dq', 'PASSED', 1L, 1L), ('${gate}', '${status}', ${judged}L, 2L) as t(gate, status, input_snapshot_id, expected_snapshot_id)`,
});
/** Refused; passed on another snapshot than the one that is read; not asked at all. */
export const badUpstream: readonly Views[] = [
  upstream("FAILED", 2),
  upstream("PASSED", 3),
  { upstream: "select 'bronze_dq' as gate, 'PASSED' as status, 1L as input_snapshot_id, 1L as expected_snapshot_id" },
];

/** Rows that hold no impossible value, with what is wrong with them. */
export const goldCheck = (problem: string): Views => ({
  gold_check: `select concat('k', id) as row_key, ${problem} as problem from range(100)`,
});
export const noProblem = goldCheck("cast(null as string)");
export const aProblem: readonly Views[] = [goldCheck(`if(${some}, 'a count is negative', null)`)];
