import { z } from "zod";
import { WikilakeError } from "../../../lib/platform/errors.ts";

/** What Glue tells of an Iceberg table. `types` of columns are Iceberg's: `long`, `timestamp`, `string`. */
export type IcebergTable = {
  readonly location: string;
  readonly metadataLocation: string;
  readonly columns: readonly { readonly name: string; readonly type: unknown; readonly comment?: string }[];
  readonly partitioning: readonly { readonly column: string; readonly transform: string }[];
  readonly properties: Readonly<Record<string, string>>;
  readonly updatedAt: number;
};

/** The Iceberg REST catalog, as far as Glue and the permission checks need it. */
export type IcebergCatalog = {
  tables(database: string): Promise<readonly string[]>;
  /** Undefined when there is no such table. */
  table(database: string, table: string): Promise<IcebergTable | undefined>;
  /** Where the table's files are; remembered for a while, as it never moves while the table lives. */
  location(database: string, table: string): Promise<string | undefined>;
  /** Sets properties of the table itself, which every engine heeds. */
  setProperties(database: string, table: string, properties: Readonly<Record<string, string>>): Promise<void>;
};

const fieldSchema = z.object({ id: z.number(), name: z.string(), type: z.unknown(), doc: z.string().optional() });
const loadedSchema = z.object({
  "metadata-location": z.string(),
  metadata: z.object({
    location: z.string(),
    "last-updated-ms": z.number(),
    "current-schema-id": z.number(),
    schemas: z.array(z.object({ "schema-id": z.number(), fields: z.array(fieldSchema) })),
    "default-spec-id": z.number(),
    "partition-specs": z.array(
      z.object({
        "spec-id": z.number(),
        fields: z.array(z.object({ "source-id": z.number(), transform: z.string() })),
      }),
    ),
    properties: z.record(z.string(), z.string()).default({}),
  }),
});
const listSchema = z.object({ identifiers: z.array(z.object({ name: z.string() })).default([]) });

type CatalogDeps = {
  /** `http://127.0.0.1:8181`. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
};

/** A table never moves while it lives; one dropped and made again elsewhere by Spark is seen after this long. */
const locationTtlMs = 600_000;

/** Reads the REST catalog at `url`. Throws CATALOG_UNREACHABLE when it gives no usable answer. */
export function createIcebergCatalog({ url, fetch: send = fetch, now = Date.now }: CatalogDeps): IcebergCatalog {
  const locations = new Map<string, { readonly location: string; readonly until: number }>();
  const get = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await send(`${url}/v1/namespaces/${path}`, init).catch((cause: unknown) => {
      throw new WikilakeError("CATALOG_UNREACHABLE", "The Iceberg catalog does not answer", { retriable: true, cause });
    });
    if (response.status === 404) return undefined;
    if (response.ok) return response.json();
    throw new WikilakeError("CATALOG_UNREACHABLE", `The Iceberg catalog answers ${response.status}`, {
      retriable: true,
    });
  };
  const pathOf = (database: string, name: string): string =>
    `${encodeURIComponent(database)}/tables/${encodeURIComponent(name)}`;
  const table = async (database: string, name: string): Promise<IcebergTable | undefined> => {
    // Thousands of snapshots are of no use here.
    const loaded = await get(`${pathOf(database, name)}?snapshots=refs`);
    return loaded === undefined ? undefined : described(loadedSchema.parse(loaded));
  };
  return {
    table,
    setProperties: async (database, name, properties) => {
      const body = JSON.stringify({ requirements: [], updates: [{ action: "set-properties", updates: properties }] });
      await get(pathOf(database, name), { method: "POST", body, headers: { "content-type": "application/json" } });
    },
    tables: async (database) => {
      const listed = await get(`${encodeURIComponent(database)}/tables`);
      return listed === undefined ? [] : listSchema.parse(listed).identifiers.map(({ name }) => name);
    },
    location: async (database, name) => {
      const key = `${database}.${name}`;
      const known = locations.get(key);
      if (known !== undefined && known.until > now()) return known.location;
      const found = await table(database, name);
      if (found !== undefined) locations.set(key, { location: found.location, until: now() + locationTtlMs });
      return found?.location;
    },
  };
}

function described(loaded: z.infer<typeof loadedSchema>): IcebergTable {
  const { metadata } = loaded;
  const fields = metadata.schemas.find((one) => one["schema-id"] === metadata["current-schema-id"])?.fields ?? [];
  const spec = metadata["partition-specs"].find((one) => one["spec-id"] === metadata["default-spec-id"])?.fields ?? [];
  const nameOf = (id: number): string => fields.find((field) => field.id === id)?.name ?? "";
  return {
    location: metadata.location,
    metadataLocation: loaded["metadata-location"],
    columns: fields.map(({ name, type, doc }) => ({ name, type, ...(doc !== undefined && { comment: doc }) })),
    partitioning: spec
      .filter(({ transform }) => transform !== "void") // a field that was dropped from the spec
      .map((field) => ({ column: nameOf(field["source-id"]), transform: field.transform })),
    properties: metadata.properties,
    updatedAt: metadata["last-updated-ms"],
  };
}

const plainTypes: Readonly<Record<string, string>> = { long: "bigint", timestamptz: "timestamp with time zone" };

const nestedSchema = z.union([
  z.object({ type: z.literal("list"), element: z.unknown() }),
  z.object({ type: z.literal("map"), key: z.unknown(), value: z.unknown() }),
  z.object({ type: z.literal("struct"), fields: z.array(z.object({ name: z.string(), type: z.unknown() })) }),
]);

/** An Iceberg type in Athena's DDL: `long` → `bigint`, a list → `array<…>`. */
export function glueType(type: unknown): string {
  if (typeof type === "string")
    return (plainTypes[type] ?? type).replaceAll(" ", type.startsWith("decimal") ? "" : " ");
  const nested = nestedSchema.parse(type);
  if (nested.type === "list") return `array<${glueType(nested.element)}>`;
  if (nested.type === "map") return `map<${glueType(nested.key)},${glueType(nested.value)}>`;
  return `struct<${nested.fields.map((field) => `${field.name}:${glueType(field.type)}`).join(",")}>`;
}
