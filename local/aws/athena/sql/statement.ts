import type { TableName, TableUse } from "./names.ts";
import type { Piece } from "./relations.ts";

export type Column = { readonly name: string; readonly type: string; readonly comment?: string };
export type Properties = Readonly<Record<string, string>>;

/** One change of ALTER TABLE: the engine's text behind `ALTER TABLE <name>`. */
export type Alteration = { readonly clause: string };

/** What has to happen for a statement, before it is known which of the engine's catalogs holds each table. */
export type Plan =
  | { readonly kind: "engine"; readonly pieces: readonly Piece[]; readonly output: "rows" | "count" | "none" }
  | { readonly kind: "create-table"; readonly table: TableName; readonly definition: TableDefinition }
  | { readonly kind: "alter"; readonly table: TableName; readonly alterations: readonly Alteration[] }
  | { readonly kind: "rename"; readonly table: TableName; readonly to: TableName }
  | { readonly kind: "set-properties"; readonly table: TableName; readonly properties: Properties }
  | { readonly kind: "unset-properties"; readonly table: TableName; readonly keys: readonly string[] }
  | { readonly kind: "drop-table" | "drop-view"; readonly table: TableName; readonly ifExists: boolean }
  | { readonly kind: "create-view"; readonly table: TableName; readonly pieces: readonly Piece[] }
  | { readonly kind: "optimize"; readonly table: TableName; readonly where: string }
  | { readonly kind: "vacuum"; readonly table: TableName }
  | TableListingPlan
  | { readonly kind: "show-tables" | "show-views"; readonly database: string; readonly pattern?: string }
  | { readonly kind: "show-databases"; readonly pattern?: string }
  | {
      readonly kind: "create-database";
      readonly database: string;
      readonly ifNotExists: boolean;
      readonly location?: string;
    }
  | { readonly kind: "drop-database"; readonly database: string; readonly ifExists: boolean; readonly cascade: boolean }
  | { readonly kind: "prepare"; readonly name: string; readonly sql: string }
  | { readonly kind: "execute"; readonly name: string; readonly values: readonly string[] }
  | { readonly kind: "deallocate"; readonly name: string };

/** SHOW and DESCRIBE of one table. */
export type TableListingPlan = {
  readonly kind: "describe" | "show-create" | "show-columns" | "show-properties";
  readonly table: TableName;
};

export type TableDefinition = {
  readonly ifNotExists: boolean;
  readonly columns: readonly Column[];
  readonly comment?: string;
  /** In the engine's spelling: `bucket(c, 16)`. */
  readonly partitioning: readonly string[];
  readonly location: string;
  readonly properties: Properties;
};

/** A database that the statement itself names, with what it does to it. */
export type DatabaseUse = { readonly database: string; readonly access: "read" | "create" | "drop" };

/** One statement as Athena classifies it, with everything it touches. */
export type Statement = {
  readonly statementType: "DDL" | "DML" | "UTILITY";
  readonly substatementType?: string;
  readonly uses: readonly TableUse[];
  readonly databases: readonly DatabaseUse[];
  /** Prefixes on S3 that the statement names itself: LOCATION of a new table. */
  readonly locations: readonly string[];
  readonly plan: Plan;
};
