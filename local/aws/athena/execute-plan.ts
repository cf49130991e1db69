import { stagingCatalog } from "../glue/external-table.ts";
import type { IcebergCatalog } from "../glue/iceberg-catalog.ts";
import { ensureLakeSchema, lakeCatalog } from "../glue/provider.ts";
import type { GlueRegistry } from "../glue/registry.ts";
import { columnInfo, countColumn, textColumn } from "./column-info.ts";
import type { RunOptions, TrinoClient, TrinoResult } from "./engine/trino-client.ts";
import { type ListingPlan, listing } from "./listings.ts";
import type { ColumnInfo, FinishedQuery } from "./query-record.ts";
import type { TextRow } from "./result-file.ts";
import { baseTable, engineName, type TableName } from "./sql/names.ts";
import { metadataProperties } from "./sql/properties.ts";
import { usesOf } from "./sql/query.ts";
import type { Plan, Properties } from "./sql/statement.ts";
import { quoteIdentifier } from "./sql/tokens.ts";
import { type CatalogView, engineStatements } from "./sql/translate.ts";
import { StatementError, schemaNotFound, tableNotFound } from "./statement-error.ts";
import { valueText } from "./value-text.ts";

export type ExecuteDeps = {
  readonly trino: TrinoClient;
  readonly registry: GlueRegistry;
  readonly iceberg: IcebergCatalog;
  readonly now: () => number;
};

/** What a statement gave. */
export type Outcome = {
  readonly columns: readonly ColumnInfo[];
  readonly rows: readonly TextRow[];
  readonly shape: FinishedQuery["shape"];
  readonly updateCount: number | undefined;
};

/** The text as the caller sent it is kept with a view. */
export type ExecuteOptions = Pick<RunOptions, "signal" | "onStats"> & {
  readonly sql: string;
  readonly explain: boolean;
};

/**
 * One writer a statement, so that the engine's limit of open partitions per writer is Athena's per statement. No statistics
 * files: Athena writes none, they cost a second commit each time (a quarter of a small INSERT), and DROP TABLE leaves them lying.
 */
const writeSession = {
  task_max_writer_count: "1",
  task_min_writer_count: "1",
  redistribute_writes: "false",
  [`${lakeCatalog}.collect_extended_statistics_on_write`]: "false",
} as const;

const nothing: Outcome = { columns: [], rows: [], shape: "none", updateCount: undefined };

/** Carries out a plan. Throws TrinoError, TrinoUnreachable, StatementError, CATALOG_UNREACHABLE. */
export async function executePlan(plan: Plan, options: ExecuteOptions, deps: ExecuteDeps): Promise<Outcome> {
  const { registry } = deps;
  switch (plan.kind) {
    case "engine":
      return engineOutcome(plan, await runAll(plan, options, deps), options);
    case "create-table": {
      const fresh =
        !plan.definition.ifNotExists || (await deps.iceberg.table(plan.table.database, plan.table.table)) === undefined;
      await runAll(plan, options, deps);
      if (fresh) await keepProperties(plan.table, keptProperties(plan.definition.properties), deps);
      return nothing;
    }
    case "create-view": {
      await runAll(plan, options, deps);
      const uses = usesOf(plan.pieces).filter(({ access }) => access === "read");
      registry.putView({
        ...plan.table,
        sql: options.sql,
        uses: uses.map(({ database, table }) => ({ database, table: baseTable(table) })),
        createdAt: deps.now(),
      });
      return nothing;
    }
    case "drop-table":
    case "drop-view":
      await runAll(plan, options, deps);
      registry.removeTable(plan.table);
      return nothing;
    case "rename":
      await runAll(plan, options, deps);
      registry.setProperties(plan.to, registry.properties(plan.table));
      registry.removeTable(plan.table);
      return nothing;
    case "set-properties":
    case "unset-properties":
      return changeProperties(plan, deps);
    case "vacuum": {
      // Tables that Spark made have none of it yet.
      const { database, table } = plan.table;
      await deps.iceberg.setProperties(database, table, metadataProperties(registry.properties(plan.table)));
      await runAll(plan, options, deps);
      return nothing;
    }
    case "alter":
    case "optimize":
      await runAll(plan, options, deps);
      return nothing;
    case "create-database":
    case "drop-database":
      return changeDatabase(plan, deps);
    case "prepare":
    case "execute":
    case "deallocate":
      return nothing; // settled when the query was accepted
    default:
      return listed(plan, deps);
  }
}

async function listed(plan: ListingPlan, deps: ExecuteDeps): Promise<Outcome> {
  const { header, rows } = await listing(plan, deps);
  return { columns: header.map(textColumn), rows, shape: "lines", updateCount: 0 };
}

/** All the engine's statements of a plan, one after the other; the last one's answer counts. */
async function runAll(
  plan: Plan,
  { signal, onStats }: ExecuteOptions,
  deps: ExecuteDeps,
): Promise<TrinoResult | undefined> {
  const session = plan.kind === "engine" || plan.kind === "optimize" ? { session: writeSession } : {};
  let last: TrinoResult | undefined;
  for (const text of engineStatements(plan, catalogView(deps.registry)) ?? [])
    last = await deps.trino.run(text, { ...session, ...(signal && { signal }), ...(onStats && { onStats }) });
  return last;
}

/** External tables are in one of the engine's catalogs, everything else in the other. */
function catalogView(registry: GlueRegistry): CatalogView {
  return {
    nameOf: (table) => {
      const external = registry.externalTable({ ...table, table: baseTable(table.table) }) !== undefined;
      return engineName(external ? stagingCatalog : lakeCatalog, table);
    },
    propertiesOf: (table) => registry.properties(table),
  };
}

function engineOutcome(
  plan: Extract<Plan, { kind: "engine" }>,
  result: TrinoResult | undefined,
  options: ExecuteOptions,
): Outcome {
  if (result === undefined) return nothing;
  if (plan.output === "none") return nothing;
  if (plan.output === "count") return { ...nothing, columns: [countColumn], updateCount: result.updateCount ?? 0 };
  const rows = result.rows.map((row) =>
    row.map((value, i) => {
      const column = result.columns[i];
      return column === undefined ? String(value) : valueText(value, column.typeSignature);
    }),
  );
  const shown = options.explain ? rows.flatMap(([text = ""]) => text.split("\n").map((line): TextRow => [line])) : rows;
  return {
    columns: result.columns.map(columnInfo),
    rows: shown,
    shape: options.explain ? "lines" : "csv",
    updateCount: 0,
  };
}

/** The table's type and format are the engine's business; the rest only Athena knows what to do with. */
function keptProperties({ table_type: _type, format: _format, ...kept }: Properties): Properties {
  return kept;
}

/** Glue's share of the properties, and what of them the table itself must know. */
async function keepProperties(
  table: TableName,
  properties: Properties,
  { registry, iceberg }: ExecuteDeps,
): Promise<void> {
  registry.setProperties(table, properties);
  await iceberg.setProperties(table.database, table.table, metadataProperties(properties));
}

type PropertiesPlan = Extract<Plan, { readonly kind: "set-properties" | "unset-properties" }>;

async function changeProperties(plan: PropertiesPlan, deps: ExecuteDeps): Promise<Outcome> {
  const { registry, iceberg } = deps;
  const { table } = plan;
  if ((await iceberg.table(table.database, table.table)) === undefined)
    throw tableNotFound(table.database, table.table);
  const before = registry.properties(table);
  const after = plan.kind === "set-properties" ? { ...before, ...plan.properties } : without(before, plan.keys);
  await keepProperties(table, after, deps);
  return nothing;
}

const without = (properties: Properties, keys: readonly string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));

type DatabasePlan = Extract<Plan, { readonly kind: "create-database" | "drop-database" }>;

async function changeDatabase(plan: DatabasePlan, { trino, registry, iceberg, now }: ExecuteDeps): Promise<Outcome> {
  const { database: name } = plan;
  const known = registry.database(name);
  if (plan.kind === "create-database") {
    if (known !== undefined && !plan.ifNotExists)
      throw new StatementError(`SCHEMA_ALREADY_EXISTS: Schema '${name}' already exists`);
    if (known !== undefined) return nothing;
    await ensureLakeSchema(trino, name, plan.location);
    registry.putDatabase({
      name,
      createdAt: now(),
      ...(plan.location !== undefined && { locationUri: plan.location }),
    });
    return nothing;
  }
  if (known === undefined && !plan.ifExists) throw schemaNotFound(name);
  const used = registry.externalTables(name).length + (await iceberg.tables(name)).length;
  if (used > 0 && !plan.cascade) throw new StatementError(`SCHEMA_NOT_EMPTY: Cannot drop non-empty schema '${name}'`);
  await trino.run(`DROP SCHEMA IF EXISTS ${lakeCatalog}.${quoteIdentifier(name)}${plan.cascade ? " CASCADE" : ""}`);
  registry.removeDatabase(name);
  return nothing;
}

/** The table a failed commit is blamed on. */
export const targetOf = (uses: readonly (TableName & { readonly access: string })[]): string | undefined => {
  const target = uses.find(({ access }) => access !== "read");
  return target && `${target.database}.${target.table}`;
};
