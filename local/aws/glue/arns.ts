import { arn } from "../account.ts";
import type { Permission } from "../service.ts";

/** Glue asks for the catalog, the database and the table of every call about a table: three resources each. */
export const tableArns = (database: string, table: string): readonly string[] => [
  ...databaseArns(database),
  arn("glue", `table/${database}/${table}`),
];

export const databaseArns = (database: string): readonly string[] => [
  arn("glue", "catalog"),
  arn("glue", `database/${database}`),
];

export const gluePermissions = (action: string, arns: readonly string[]): readonly Permission[] =>
  arns.map((resource) => ({ action: `glue:${action}`, resource }));
