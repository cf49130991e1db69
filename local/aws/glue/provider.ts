import { z } from "zod";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import { localAccount } from "../account.ts";
import type { TrinoClient } from "../athena/engine/trino-client.ts";
import { quoteIdentifier, quoteString } from "../athena/sql/tokens.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { realiseExternalTable } from "./external-table.ts";
import type { ExternalTable, GlueColumn, GlueRegistry } from "./registry.ts";

/** The engine's catalog of Iceberg tables. */
export const lakeCatalog = "lake";

export type GlueProviderDeps = {
  readonly registry: GlueRegistry;
  readonly trino: TrinoClient;
  readonly now: () => number;
};

const databaseProperties = z.object({
  DatabaseInput: z.object({
    Name: z.string().regex(/^[a-z0-9_]+$/),
    Description: z.string().optional(),
    LocationUri: z.string().optional(),
  }),
});

const columnProperties = z.object({ Name: z.string(), Type: z.string(), Comment: z.string().optional() });
const tableProperties = z.object({
  DatabaseName: z.string(),
  TableInput: z.object({
    Name: z.string(),
    TableType: z.string().optional(),
    PartitionKeys: z.array(columnProperties).default([]),
    Parameters: z.record(z.string(), z.coerce.string()).default({}),
    StorageDescriptor: z.object({
      Location: z.string(),
      Columns: z.array(columnProperties),
      SerdeInfo: z.object({ SerializationLibrary: z.string() }),
    }),
  }),
});

/** Realises AWS::Glue::Database and AWS::Glue::Table. A second start leaves what has not changed. */
export function createGlueProvider(deps: GlueProviderDeps): ResourceProvider {
  return {
    types: ["AWS::Glue::Database", "AWS::Glue::Table"],
    create: (resource) =>
      resource.type === "AWS::Glue::Database" ? createDatabase(deps, resource) : createTable(deps, resource),
  };
}

async function createDatabase(deps: GlueProviderDeps, { properties }: ResolvedResource): Promise<RealisedResource> {
  const {
    Name: name,
    Description: description,
    LocationUri: locationUri,
  } = databaseProperties.parse(properties).DatabaseInput;
  await ensureLakeSchema(deps.trino, name, locationUri);
  const known = deps.registry.database(name);
  deps.registry.putDatabase({
    name,
    createdAt: known?.createdAt ?? deps.now(),
    ...(description !== undefined && { description }),
    ...(locationUri !== undefined && { locationUri }),
  });
  return { ref: name, attributes: {} };
}

/** The database as a schema of the Iceberg catalog; nothing happens when it is there. */
export async function ensureLakeSchema(trino: TrinoClient, name: string, location: string | undefined): Promise<void> {
  const where = location === undefined ? "" : ` WITH (location = ${quoteString(location)})`;
  await trino.run(`CREATE SCHEMA IF NOT EXISTS ${lakeCatalog}.${quoteIdentifier(name)}${where}`);
}

async function createTable(deps: GlueProviderDeps, resource: ResolvedResource): Promise<RealisedResource> {
  const { DatabaseName: database, TableInput: input } = tableProperties.parse(resource.properties);
  if (!input.StorageDescriptor.SerdeInfo.SerializationLibrary.includes("parquet"))
    throw new WikilakeError("TABLE_NOT_PARQUET", `${resource.logicalId}: only Parquet tables run on one machine`, {
      retriable: false,
    });
  const table: ExternalTable = {
    database,
    table: input.Name,
    columns: input.StorageDescriptor.Columns.map(column),
    partitionKeys: input.PartitionKeys.map(column),
    location: input.StorageDescriptor.Location,
    parameters: input.Parameters,
    createdAt: deps.now(),
  };
  const known = deps.registry.externalTable(table);
  if (known === undefined || !sameDefinition(known, table) || !(await exists(deps.trino, table))) {
    await realiseExternalTable(deps.trino, table);
    deps.registry.putExternalTable({ ...table, createdAt: known?.createdAt ?? table.createdAt });
  }
  return {
    ref: input.Name,
    attributes: { CatalogId: localAccount.accountId, DatabaseName: database, Id: input.Name },
  };
}

const column = ({ Name, Type, Comment }: z.infer<typeof columnProperties>): GlueColumn => ({
  name: Name.toLowerCase(),
  type: Type,
  ...(Comment !== undefined && { comment: Comment }),
});

const sameDefinition = (a: ExternalTable, b: ExternalTable): boolean =>
  JSON.stringify({ ...a, createdAt: 0 }) === JSON.stringify({ ...b, createdAt: 0 });

/** The registry can outlive the engine's files: a state folder may have been emptied in part. */
async function exists(trino: TrinoClient, { database, table }: ExternalTable): Promise<boolean> {
  const where = `table_schema = ${quoteString(database)} AND table_name = ${quoteString(table)}`;
  const { rows } = await trino.run(`SELECT 1 FROM staging.information_schema.tables WHERE ${where}`);
  return rows.length > 0;
}
