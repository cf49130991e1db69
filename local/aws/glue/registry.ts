import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const columnSchema = z.object({ name: z.string(), type: z.string(), comment: z.string().optional() });
const tableNameSchema = z.object({ database: z.string(), table: z.string() });

const databaseSchema = z.object({
  name: z.string(),
  description: z.string().optional(),
  locationUri: z.string().optional(),
  createdAt: z.number(),
});

/** A table over files that others write: its columns are the template's, Athena's DDL types. */
const externalTableSchema = tableNameSchema.extend({
  columns: z.array(columnSchema),
  partitionKeys: z.array(columnSchema),
  location: z.string(),
  parameters: z.record(z.string(), z.string()),
  createdAt: z.number(),
});

const viewSchema = tableNameSchema.extend({
  sql: z.string(),
  uses: z.array(tableNameSchema),
  createdAt: z.number(),
});

/** What Athena keeps of an Iceberg table beside the engine: its optimize_… and vacuum_… properties. */
const propertiesSchema = tableNameSchema.extend({ properties: z.record(z.string(), z.string()) });

const stateSchema = z.object({
  databases: z.array(databaseSchema),
  externalTables: z.array(externalTableSchema),
  views: z.array(viewSchema),
  icebergProperties: z.array(propertiesSchema),
});

export type GlueColumn = z.infer<typeof columnSchema>;
export type GlueDatabase = z.infer<typeof databaseSchema>;
export type ExternalTable = z.infer<typeof externalTableSchema>;
export type GlueView = z.infer<typeof viewSchema>;
type TableName = z.infer<typeof tableNameSchema>;
type State = z.infer<typeof stateSchema>;

/** The local Glue catalog: what the template and Athena's DDL put there. Iceberg tables live in the REST catalog. */
export type GlueRegistry = {
  databases(): readonly GlueDatabase[];
  database(name: string): GlueDatabase | undefined;
  putDatabase(database: GlueDatabase): void;
  removeDatabase(name: string): void;
  externalTables(database: string): readonly ExternalTable[];
  externalTable(name: TableName): ExternalTable | undefined;
  putExternalTable(table: ExternalTable): void;
  views(database: string): readonly GlueView[];
  view(name: TableName): GlueView | undefined;
  putView(view: GlueView): void;
  properties(name: TableName): Readonly<Record<string, string>>;
  setProperties(name: TableName, properties: Readonly<Record<string, string>>): void;
  /** Forgets an external table, a view, or the properties of an Iceberg table. */
  removeTable(name: TableName): void;
};

type RegistryDeps = { readonly stateDir: string };

/** Opens the registry kept in `<stateDir>/runtime/glue/registry.json`; every change is written at once, by renaming. */
export function openGlueRegistry({ stateDir }: RegistryDeps): GlueRegistry {
  const file = join(stateDir, "runtime", "glue", "registry.json");
  let state = read(file);
  const change = (next: Partial<State>): void => {
    state = { ...state, ...next };
    write(file, state);
  };
  const same = (a: TableName, b: TableName): boolean => a.database === b.database && a.table === b.table;
  const without = <T extends TableName>(list: readonly T[], name: TableName): T[] =>
    list.filter((one) => !same(one, name));
  return {
    databases: () => state.databases,
    database: (name) => state.databases.find((one) => one.name === name),
    putDatabase: (database) =>
      change({ databases: [...state.databases.filter(({ name }) => name !== database.name), database] }),
    removeDatabase: (name) => change({ databases: state.databases.filter((one) => one.name !== name) }),
    externalTables: (database) => state.externalTables.filter((one) => one.database === database),
    externalTable: (name) => state.externalTables.find((one) => same(one, name)),
    putExternalTable: (table) => change({ externalTables: [...without(state.externalTables, table), table] }),
    views: (database) => state.views.filter((one) => one.database === database),
    view: (name) => state.views.find((one) => same(one, name)),
    putView: (view) => change({ views: [...without(state.views, view), view] }),
    properties: (name) => state.icebergProperties.find((one) => same(one, name))?.properties ?? {},
    setProperties: ({ database, table }, properties) =>
      change({
        icebergProperties: [...without(state.icebergProperties, { database, table }), { database, table, properties }],
      }),
    removeTable: (name) =>
      change({
        externalTables: without(state.externalTables, name),
        views: without(state.views, name),
        icebergProperties: without(state.icebergProperties, name),
      }),
  };
}

const empty: State = { databases: [], externalTables: [], views: [], icebergProperties: [] };

function read(file: string): State {
  return existsSync(file) ? stateSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : empty;
}

function write(file: string, state: State): void {
  mkdirSync(dirname(file), { recursive: true });
  const next = `${file}.${process.pid}.next`;
  writeFileSync(next, JSON.stringify(state));
  renameSync(next, file);
}
