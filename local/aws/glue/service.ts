import { z } from "zod";
import { localAccount } from "../account.ts";
import { AwsError, type AwsRequest, type AwsResponse, type AwsService, type Permission } from "../service.ts";
import { databaseArns, gluePermissions, tableArns } from "./arns.ts";
import { glueType, type IcebergCatalog, type IcebergTable } from "./iceberg-catalog.ts";
import type { ExternalTable, GlueColumn, GlueDatabase, GlueRegistry, GlueView } from "./registry.ts";

export type GlueServiceDeps = { readonly registry: GlueRegistry; readonly iceberg: IcebergCatalog };

const databaseInput = z.object({ Name: z.string() });
const tableInput = z.object({ DatabaseName: z.string(), Name: z.string() });
const tablesInput = z.object({ DatabaseName: z.string(), Expression: z.string().optional() });
const versionsInput = z.object({ DatabaseName: z.string(), TableName: z.string() });
const batchDeleteInput = versionsInput.extend({ VersionIds: z.array(z.string()) });

/** The Glue catalog's read side, and what maintenance calls. Answers come from the registry and the Iceberg catalog. */
export function createGlueService(deps: GlueServiceDeps): AwsService {
  return {
    name: "glue",
    protocol: "json-1.1",
    permissions: ({ operation, input }) => permissions(operation, input),
    handle: (request) => handle(deps, request),
  };
}

function permissions(operation: string, input: AwsRequest["input"]): readonly Permission[] {
  const text = (key: string): string => (typeof input[key] === "string" ? input[key] : "*");
  switch (operation) {
    case "GetDatabases":
      return gluePermissions(operation, databaseArns("*"));
    case "GetDatabase":
      return gluePermissions(operation, databaseArns(text("Name")));
    case "GetTables":
      return gluePermissions(operation, tableArns(text("DatabaseName"), "*"));
    case "GetTable":
      return gluePermissions(operation, tableArns(text("DatabaseName"), text("Name")));
    case "GetTableVersions":
    case "BatchDeleteTableVersion":
      return gluePermissions(operation, tableArns(text("DatabaseName"), text("TableName")));
    default:
      return [];
  }
}

async function handle(deps: GlueServiceDeps, { operation, input }: AwsRequest): Promise<AwsResponse> {
  switch (operation) {
    case "GetDatabases":
      return { body: { DatabaseList: deps.registry.databases().map(databaseBody) } };
    case "GetDatabase":
      return { body: { Database: databaseBody(databaseOf(deps, parsed(databaseInput, input).Name)) } };
    case "GetTables":
      return { body: { TableList: await tables(deps, parsed(tablesInput, input)) } };
    case "GetTable": {
      const { DatabaseName, Name } = parsed(tableInput, input);
      return { body: { Table: await table(deps, DatabaseName.toLowerCase(), Name.toLowerCase()) } };
    }
    case "GetTableVersions": {
      const { DatabaseName, TableName } = parsed(versionsInput, input);
      const current = await table(deps, DatabaseName, TableName);
      return { body: { TableVersions: [{ Table: current, VersionId: "0" }] } };
    }
    case "BatchDeleteTableVersion":
      // No versions are kept here, so none can pile up: there is nothing to delete.
      parsed(batchDeleteInput, input);
      return { body: { Errors: [] } };
    default:
      throw new AwsError("UnknownOperationException", `Glue ${operation} is not available on one machine`);
  }
}

function parsed<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new AwsError(
    "InvalidInputException",
    result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
  );
}

function databaseOf({ registry }: GlueServiceDeps, name: string): GlueDatabase {
  const database = registry.database(name.toLowerCase());
  if (database === undefined) throw notFound(`Database ${name} not found.`);
  return database;
}

async function tables(deps: GlueServiceDeps, input: z.infer<typeof tablesInput>): Promise<unknown[]> {
  const { name } = databaseOf(deps, input.DatabaseName);
  const pattern = nameFilter(input.Expression ?? ".*");
  const names = [
    ...(await deps.iceberg.tables(name)),
    ...deps.registry.externalTables(name).map((one) => one.table),
    ...deps.registry.views(name).map((one) => one.table),
  ];
  return Promise.all(
    names
      .filter((one) => pattern.test(one))
      .sort()
      .map((one) => table(deps, name, one)),
  );
}

function nameFilter(expression: string): RegExp {
  try {
    return new RegExp(`^(?:${expression})$`);
  } catch {
    throw new AwsError("InvalidInputException", "Expression is no regular expression");
  }
}

async function table(deps: GlueServiceDeps, database: string, name: string): Promise<unknown> {
  const external = deps.registry.externalTable({ database, table: name });
  if (external !== undefined) return externalBody(external);
  const view = deps.registry.view({ database, table: name });
  if (view !== undefined) return viewBody(view);
  const found = await deps.iceberg.table(database, name);
  if (found === undefined) throw notFound(`Entity Not Found: Table ${name} not found.`);
  return icebergBody(database, name, found, deps.registry.properties({ database, table: name }));
}

const notFound = (message: string): AwsError =>
  new AwsError("EntityNotFoundException", message, 400, { Message: message });

const seconds = (ms: number): number => ms / 1000;
const catalog = { CatalogId: localAccount.accountId };
const columnBody = ({ name, type, comment }: GlueColumn) => ({
  Name: name,
  Type: type,
  ...(comment !== undefined && { Comment: comment }),
});

const databaseBody = ({ name, description, locationUri, createdAt }: GlueDatabase) => ({
  Name: name,
  ...(description !== undefined && { Description: description }),
  ...(locationUri !== undefined && { LocationUri: locationUri }),
  CreateTime: seconds(createdAt),
  ...catalog,
});

const externalBody = (one: ExternalTable) => ({
  Name: one.table,
  DatabaseName: one.database,
  CreateTime: seconds(one.createdAt),
  TableType: "EXTERNAL_TABLE",
  PartitionKeys: one.partitionKeys.map(columnBody),
  Parameters: one.parameters,
  StorageDescriptor: { Columns: one.columns.map(columnBody), Location: one.location },
  ...catalog,
});

const viewBody = (one: GlueView) => ({
  Name: one.table,
  DatabaseName: one.database,
  CreateTime: seconds(one.createdAt),
  TableType: "VIRTUAL_VIEW",
  ViewOriginalText: one.sql,
  Parameters: { presto_view: "true" },
  ...catalog,
});

const icebergBody = (
  database: string,
  name: string,
  one: IcebergTable,
  properties: Readonly<Record<string, string>>,
) => ({
  Name: name,
  DatabaseName: database,
  UpdateTime: seconds(one.updatedAt),
  TableType: "EXTERNAL_TABLE",
  Parameters: { ...properties, table_type: "ICEBERG", metadata_location: one.metadataLocation },
  StorageDescriptor: {
    Columns: one.columns.map(({ name: column, type, comment }) =>
      columnBody({ name: column, type: glueType(type), ...(comment !== undefined && { comment }) }),
    ),
    Location: one.location,
  },
  ...catalog,
});
