import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BatchDeleteTableVersionCommand,
  GetDatabasesCommand,
  GetTableCommand,
  GetTablesCommand,
  GlueClient,
} from "@aws-sdk/client-glue";
import { afterAll, describe, expect, test } from "@jest/globals";
import { externalTableText } from "../../../../local/aws/glue/external-table.ts";
import { glueType, type IcebergCatalog } from "../../../../local/aws/glue/iceberg-catalog.ts";
import { createGlueProvider } from "../../../../local/aws/glue/provider.ts";
import { type ExternalTable, openGlueRegistry } from "../../../../local/aws/glue/registry.ts";
import { createGlueService } from "../../../../local/aws/glue/service.ts";
import { fakeEngine } from "../athena/fake-room.ts";
import { startFacade } from "../facade/contract-services.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newState(): string {
  const folder = mkdtempSync(join(tmpdir(), "wikilake-glue-"));
  folders.push(folder);
  return folder;
}

const staged: ExternalTable = {
  database: "st",
  table: "raw",
  columns: [
    { name: "user", type: "string", comment: "it's" },
    { name: "at", type: "timestamp" },
    { name: "n", type: "bigint" },
  ],
  partitionKeys: [{ name: "batch", type: "string" }],
  location: "s3://stage/stage/raw/",
  parameters: {
    "projection.enabled": "true",
    "projection.batch.type": "injected",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena's own placeholder
    "storage.location.template": "s3://stage/stage/raw/batch=${batch}",
  },
  createdAt: 5,
};

const resource = (columns: readonly object[]) => ({
  logicalId: "StageRaw",
  type: "AWS::Glue::Table",
  properties: {
    DatabaseName: "st",
    TableInput: {
      Name: "raw",
      PartitionKeys: [{ Name: "batch", Type: "string" }],
      Parameters: staged.parameters,
      StorageDescriptor: {
        Location: staged.location,
        Columns: columns,
        SerdeInfo: { SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
      },
    },
  },
});

describe("an external table", () => {
  test("becomes the engine's table with its projection", () => {
    expect(externalTableText("x.y", staged)).toBe(
      `CREATE TABLE x.y ("user" varchar COMMENT 'it''s', "at" timestamp(3), "n" bigint, ` +
        `"batch" varchar WITH (partition_projection_type = 'INJECTED')) WITH (external_location = 's3://stage/stage/raw/', ` +
        `format = 'PARQUET', partitioned_by = ARRAY['batch'], partition_projection_enabled = true, ` +
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the same placeholder, passed on
        "partition_projection_location_template = 's3://stage/stage/raw/batch=${batch}')",
    );
  });

  test("is made once, and anew only when its columns have changed", async () => {
    const engine = fakeEngine();
    const stateDir = newState();
    const provider = () =>
      createGlueProvider({ registry: openGlueRegistry({ stateDir }), trino: engine, now: () => 1 });
    const made = () => engine.seen.filter(({ sql }) => sql.startsWith("CREATE TABLE")).length;
    const columns = [{ Name: "n", Type: "bigint" }];
    expect(await provider().create(resource(columns))).toMatchObject({ ref: "raw" });
    expect(made()).toBe(1);
    await provider().create(resource(columns));
    expect(made()).toBe(1);
    await provider().create(resource([...columns, { Name: "more", Type: "string" }]));
    expect(made()).toBe(2);
    engine.answer = async () => ({ rows: [] });
    await provider().create(resource([...columns, { Name: "more", Type: "string" }]));
    expect(made()).toBe(3); // the engine had lost it
  });

  test("that says nothing of a projected partition is refused", () => {
    expect(() => externalTableText("x.y", { ...staged, parameters: { "projection.enabled": "true" } })).toThrow(
      /says nothing of batch/,
    );
  });
});

test.each([
  ["long", "bigint"],
  ["timestamp", "timestamp"],
  ["decimal(10, 2)", "decimal(10,2)"],
  [{ type: "list", element: "string" }, "array<string>"],
  [{ type: "map", key: "string", value: "long" }, "map<string,bigint>"],
  [
    {
      type: "struct",
      fields: [
        { name: "a", type: "int" },
        { name: "b", type: { type: "list", element: "long" } },
      ],
    },
    "struct<a:int,b:array<bigint>>",
  ],
])("Iceberg's %j is %s in Glue", (type, expected) => expect(glueType(type)).toBe(expected));

const iceberg: IcebergCatalog = {
  tables: async () => ["events"],
  table: async (_database, table) =>
    table !== "events"
      ? undefined
      : {
          location: "s3://lake/db/events",
          metadataLocation: "s3://lake/db/events/metadata/1.json",
          columns: [{ name: "id", type: "long", comment: "key" }],
          partitioning: [],
          properties: {},
          updatedAt: 1000,
        },
  location: async () => undefined,
  setProperties: async () => undefined,
};

describe("the Glue API", () => {
  test("tells of databases, of Iceberg and of external tables, and of what is not there", async () => {
    const registry = openGlueRegistry({ stateDir: newState() });
    registry.putDatabase({ name: "st", createdAt: 1 });
    registry.putExternalTable(staged);
    registry.setProperties({ database: "st", table: "events" }, { vacuum_max_snapshot_age_seconds: "60" });
    const { facade, client } = await startFacade([createGlueService({ registry, iceberg })]);
    const glue = new GlueClient(client("glue"));
    expect((await glue.send(new GetDatabasesCommand({}))).DatabaseList).toMatchObject([{ Name: "st" }]);
    const { TableList } = await glue.send(new GetTablesCommand({ DatabaseName: "st" }));
    expect(TableList?.map(({ Name }) => Name)).toEqual(["events", "raw"]);
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: "st", Name: "events" }));
    expect(Table).toMatchObject({
      Parameters: {
        table_type: "ICEBERG",
        metadata_location: "s3://lake/db/events/metadata/1.json",
        vacuum_max_snapshot_age_seconds: "60",
      },
      StorageDescriptor: { Columns: [{ Name: "id", Type: "bigint", Comment: "key" }] },
    });
    await expect(glue.send(new GetTableCommand({ DatabaseName: "st", Name: "none" }))).rejects.toMatchObject({
      name: "EntityNotFoundException",
    });
    const deleted = await glue.send(
      new BatchDeleteTableVersionCommand({ DatabaseName: "st", TableName: "events", VersionIds: ["1"] }),
    );
    expect(deleted.Errors).toEqual([]);
    await facade.close();
  });

  test("what the registry holds is there for the next runtime", () => {
    const stateDir = newState();
    openGlueRegistry({ stateDir }).putExternalTable(staged);
    const again = openGlueRegistry({ stateDir });
    expect(again.externalTable({ database: "st", table: "raw" })).toEqual(staged);
    again.removeTable({ database: "st", table: "raw" });
    expect(openGlueRegistry({ stateDir }).externalTables("st")).toEqual([]);
  });
});
