import type { StatementBuilder } from "../../lib/lake/statement.ts";
import { absent, type Clause, doubled } from "./clause.ts";
import type { Removal } from "./world.ts";

/** Changes the text of the INSERTs, and of the counts that check them. */
const statements =
  (change: (sql: string) => string, isCountedSo = false): NonNullable<Removal["writer"]> =>
  (deps) => {
    const changed = ([table, { write, verify }]: [string, StatementBuilder]) =>
      [
        table,
        {
          write: (batches: Parameters<typeof write>[0]) => change(write(batches)),
          verify: (batches: Parameters<typeof write>[0]) => (isCountedSo ? change(verify(batches)) : verify(batches)),
        },
      ] as const;
    return {
      ...deps,
      target: { ...deps.target, tables: Object.fromEntries(Object.entries(deps.target.tables).map(changed)) },
    };
  };

export const statementClauses: readonly Clause[] = [
  {
    name: "only rows that are in neither table",
    without: { writer: statements((sql) => sql.replaceAll("AND t.kafka_topic IS NULL", "")) },
    rates: { "mapping.bisect": 0.3, "mapping.shift": 0.3, "lambda.kill": 0.02 },
    finds: doubled,
  },
  {
    name: "a row in the other table counts as well",
    without: {
      writer: statements((sql) => {
        const own = /^INSERT INTO "[a-z]+"\."([a-z_]+)"/.exec(sql)?.[1] ?? "";
        return sql.replaceAll(/^(?:UNION ALL )?SELECT t\..*$/gm, (rows) =>
          rows.includes(`"${own}" t`) ? rows : rows.replace(/WHERE .*/, "WHERE t.kafka_partition IN (-1)"),
        );
      }),
    },
    rates: { "mapping.gives-up": 0.6, "athena.failed-committed": 0.4, "lambda.kill": 0.03, "athena.slow": 0.3 },
    finds: doubled,
  },
  {
    name: "event_id belongs to the identity",
    without: {
      writer: statements((sql) => sql.replaceAll(/ AND \(t\.event_id = s\.event_id OR .*\)\)$/gm, ""), true),
    },
    rates: {},
    shape: { isRecreated: true },
    finds: absent,
  },
  {
    name: "the literals span every batch of the statement",
    without: {
      writer: statements((sql) =>
        sql.replaceAll(/kafka_offset BETWEEN (\d+) AND \d+/g, "kafka_offset BETWEEN $1 AND $1"),
      ),
    },
    rates: { "mapping.bisect": 0.3, "mapping.shift": 0.3, "lambda.kill": 0.02 },
    finds: doubled,
  },
  {
    name: "inserted and present are held against what was staged",
    without: { writer: (deps) => ({ ...deps, policy: { ...deps.policy, reconcile: false } }) },
    rates: { "athena.short": 0.3 },
    finds: absent,
  },
];

/** What the function answers to its mapping. */
export const answerClauses: readonly Clause[] = [
  {
    name: "acknowledged only when the own markers are gone",
    without: { answer: () => ({ batchItemFailures: [] }) },
    rates: { "athena.slow": 0.3, "athena.conflict": 0.3, "s3.503": 0.1 },
    finds: absent,
  },
  {
    name: "of each partition the first that failed comes again",
    without: {
      answer: ({ batchItemFailures }) => ({
        batchItemFailures: batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => ({
          itemIdentifier: { partition, offset: offset + 1 },
        })),
      }),
    },
    rates: { "athena.slow": 0.3, "athena.conflict": 0.3 },
    finds: absent,
  },
];
