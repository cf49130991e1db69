import { databaseArns, gluePermissions, tableArns } from "../glue/arns.ts";
import type { IcebergCatalog } from "../glue/iceberg-catalog.ts";
import type { GlueRegistry } from "../glue/registry.ts";
import type { Permission } from "../service.ts";
import { splitAddress } from "./object-store.ts";
import { type Access, baseTable, type TableName, type TableUse } from "./sql/names.ts";
import type { DatabaseUse, Statement } from "./sql/statement.ts";

export type ImpliedDeps = { readonly registry: GlueRegistry; readonly iceberg: IcebergCatalog };

/**
 * What Athena does in the caller's name once a query runs: Glue reads and writes of every table (those behind views
 * included), S3 reads and writes under each table's location, and the result file. IAM is asked for all of it.
 */
export async function impliedPermissions(
  statement: Pick<Statement, "uses" | "databases" | "locations">,
  outputLocation: string,
  deps: ImpliedDeps,
): Promise<Permission[]> {
  const uses = withViews(statement.uses, deps.registry);
  const tables = await Promise.all(uses.map((use) => tablePermissions(use, statement.locations, deps)));
  return [...resultPermissions(outputLocation), ...statement.databases.flatMap(databasePermissions), ...tables.flat()];
}

/** What a caller needs for the result file of a query. */
function resultPermissions(outputLocation: string): Permission[] {
  const { Bucket, Key } = splitAddress(outputLocation);
  return [
    { action: "s3:GetBucketLocation", resource: `arn:aws:s3:::${Bucket}` },
    { action: "s3:PutObject", resource: `arn:aws:s3:::${Bucket}/${Key}` },
  ];
}

/** VACUUM's deletions. Without them Athena's VACUUM succeeds and deletes nothing, so they are asked apart. */
export async function vacuumPermissions(table: TableName, deps: ImpliedDeps): Promise<Permission[]> {
  const location = await deps.iceberg.location(table.database, table.table);
  return location === undefined ? [] : objects(location, ["DeleteObject"]);
}

/** A view is checked as itself and as everything it names: Athena reads with the caller's permissions, not its author's. */
function withViews(uses: readonly TableUse[], registry: GlueRegistry): readonly TableUse[] {
  const all = [...uses];
  for (let i = 0; i < all.length; i += 1) {
    const use = all[i];
    const view = use?.access === "read" ? registry.view(use) : undefined;
    for (const inner of view?.uses ?? []) {
      const known = all.some(
        (one) => one.access === "read" && one.database === inner.database && one.table === inner.table,
      );
      if (!known) all.push({ ...inner, access: "read" });
    }
  }
  return all;
}

/** Calls of Glue behind each kind of access. */
const glueCalls: Readonly<Record<Access, readonly string[]>> = {
  read: ["GetTable"],
  describe: ["GetTable"],
  write: ["GetTable", "UpdateTable"],
  alter: ["GetTable", "UpdateTable"],
  vacuum: ["GetTable", "UpdateTable"],
  create: ["GetTable", "CreateTable"],
  drop: ["GetTable", "DeleteTable"],
  "create-view": ["GetTable", "CreateTable"],
  "drop-view": ["GetTable", "DeleteTable"],
};

/** Calls of S3 under the table's location. */
const objectCalls: Readonly<Record<Access, readonly string[]>> = {
  read: ["GetObject"],
  describe: [],
  write: ["GetObject", "PutObject"],
  alter: ["GetObject", "PutObject"],
  vacuum: ["GetObject", "PutObject"],
  create: ["PutObject"],
  drop: ["GetObject", "DeleteObject"],
  "create-view": [],
  "drop-view": [],
};

async function tablePermissions(
  use: TableUse,
  locations: readonly string[],
  deps: ImpliedDeps,
): Promise<readonly Permission[]> {
  const table = baseTable(use.table);
  const database = use.database;
  // The engine's own schema: Athena answers it from Glue's listing.
  if (database === "information_schema") return gluePermissions("GetTables", tableArns("*", "*"));
  const glue = [
    ...gluePermissions("GetDatabase", databaseArns(database)),
    ...glueCalls[use.access].flatMap((call) => gluePermissions(call, tableArns(database, table))),
  ];
  if (use.access === "create")
    return [...glue, ...locations.flatMap((location) => objects(location, objectCalls.create))];
  const external = deps.registry.externalTable({ database, table });
  if (external !== undefined) return [...glue, ...externalPermissions(external.location, use.access)];
  if (objectCalls[use.access].length === 0 || deps.registry.view({ database, table }) !== undefined) return glue;
  const location = await deps.iceberg.location(database, table);
  return location === undefined ? glue : [...glue, ...objects(location, objectCalls[use.access])];
}

/** The files of an external table are found by listing; dropping it leaves them where they are. */
function externalPermissions(location: string, access: Access): readonly Permission[] {
  if (access !== "read" && access !== "write") return [];
  const { Bucket, Key } = splitAddress(location);
  const list = { action: "s3:ListBucket", resource: `arn:aws:s3:::${Bucket}`, context: { "s3:prefix": Key } };
  return [list, ...objects(location, objectCalls[access])];
}

/** IAM judges single objects: one data file stands for all under the prefix. */
function objects(location: string, calls: readonly string[]): Permission[] {
  const { Bucket, Key } = splitAddress(location);
  const prefix = Key.replace(/\/+$/, "");
  return calls.map((call) => ({
    action: `s3:${call}`,
    resource: `arn:aws:s3:::${Bucket}/${prefix}/data/part-00000.parquet`,
  }));
}

function databasePermissions({ database, access }: DatabaseUse): readonly Permission[] {
  if (access === "create") return gluePermissions("CreateDatabase", databaseArns(database));
  if (access === "drop") return gluePermissions("DeleteDatabase", databaseArns(database));
  return [
    ...gluePermissions("GetDatabase", databaseArns(database)),
    ...gluePermissions("GetTables", tableArns(database, "*")),
  ];
}
