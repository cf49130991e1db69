import { LakeError } from "../../lib/lake/errors.ts";
import { isFinal, type QueryEngine, type QueryResult } from "../../lib/lake/query-engine.ts";
import {
  addColumnsSql,
  type DdlValues,
  existingColumnsSql,
  parseTableDdl,
  parseViewDdl,
  type TableDefinition,
} from "../../lib/lake/table-ddl.ts";
import type { WallClock } from "../../lib/platform/clock.ts";
import type { Logger } from "../../lib/platform/logger.ts";
import type { MigrateConfig } from "./config.ts";
import type { DdlFile } from "./ddl-files.ts";

export type MigrateDeps = {
  readonly engine: QueryEngine;
  readonly clock: WallClock;
  readonly newUuid: () => string;
  readonly log: Logger;
  readonly config: MigrateConfig;
};

/** DDL ends within seconds; between two looks. */
const pollMs = 500;
/** Statements at once: Athena runs 20 DDL statements for an account, and others may be at work. */
const parallel = 4;

/**
 * Makes every table that is missing and adds the columns that a table lacks. Running it again changes nothing; nothing is
 * dropped, renamed or retyped. Throws on the first statement that fails.
 */
export async function applyTables(deps: MigrateDeps, files: readonly DdlFile[]): Promise<readonly string[]> {
  const definitions = files.map(({ file, text }) => parseTableDdl(text, valuesOf(deps.config), file));
  await inParallel(definitions, (definition) => applyTable(deps, definition));
  return definitions.map(({ database, table }) => `${database}.${table}`);
}

/** Makes every view what its file says; their tables must be there. Throws on the first statement that fails. */
export async function applyViews(deps: MigrateDeps, files: readonly DdlFile[]): Promise<readonly string[]> {
  const definitions = files.map(({ file, text }) => parseViewDdl(text, valuesOf(deps.config), file));
  await inParallel(definitions, async ({ database, view, createSql }) => {
    await run(deps, database, createSql);
    deps.log.info("view-applied", { database, view });
  });
  return definitions.map(({ database, view }) => `${database}.${view}`);
}

const valuesOf = ({ DATABASE_PREFIX, LAKE_BUCKET }: MigrateConfig): DdlValues => ({
  database_prefix: DATABASE_PREFIX,
  lake_bucket: LAKE_BUCKET,
});

async function inParallel<T>(items: readonly T[], apply: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += parallel) {
    await Promise.all(items.slice(from, from + parallel).map(apply));
  }
}

async function applyTable(deps: MigrateDeps, definition: TableDefinition): Promise<void> {
  const { database, table, createSql } = definition;
  await run(deps, database, createSql);
  const existing = await run(deps, database, existingColumnsSql(definition));
  const addColumns = addColumnsSql(definition, new Set(existing.rows.map(([name = ""]) => name.trim())));
  if (addColumns !== undefined) await run(deps, database, addColumns);
  deps.log.info("table-applied", { database, table, changed: addColumns !== undefined });
}

async function run(
  { engine, clock, newUuid, config }: MigrateDeps,
  database: string,
  sql: string,
): Promise<QueryResult> {
  const workgroup = config.WORKGROUP;
  const { queryId } = await engine.start({ sql, token: newUuid(), database, workgroup, output: undefined });
  for (;;) {
    const status = await engine.status(queryId);
    if (status?.state === "SUCCEEDED") return engine.result(queryId);
    if (status !== undefined && isFinal(status.state)) {
      const problem = `${status.state} ${status.errorCode ?? ""}: ${sql.slice(0, 120)}`;
      throw new LakeError("TABLE_NOT_APPLIED", problem, { retriable: false });
    }
    await clock.sleep(pollMs);
  }
}
