import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StopQueryExecutionCommand } from "@aws-sdk/client-athena";
import { GetTableCommand, GlueClient, UpdateTableCommand } from "@aws-sdk/client-glue";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { parquetWriteBuffer } from "hyparquet-writer";
import { createQueryRoom, type QueryRoom } from "../../../../local/aws/athena/room.ts";
import { installEngines } from "../../../../local/engines/install-engines.ts";
import { type RunningEngines, startEngines } from "../../../../local/engines/start-engines.ts";
import { roleAllowing, startFacade, type TestFacade } from "../facade/contract-services.ts";
import { athenaClient } from "./athena-client.ts";

// The engines' first statements of a kind take seconds while other programs compete for the cores.
jest.setTimeout(180_000);

type Engines = RunningEngines<"s3" | "catalog" | "trino">;

const buckets = { lake: "wikilake-local-lake", stage: "wikilake-local-stage", results: "wikilake-local-results" };
const bronze = "wikilake_local_bronze";
const staging = "wikilake_local_stage";
const workGroup = "wikilake-local-write";

let stateDir: string;
let engines: Engines;
let room: QueryRoom;
let facade: TestFacade;
let athena: ReturnType<typeof athenaClient>;
let s3: S3Client;

/** Reads and nothing else; its writes must be refused by the permissions that Athena implies. */
const glueArn = (resource: string): string => `arn:aws:glue:eu-west-1:000000000000:${resource}`;
const reader = roleAllowing(
  "Reader",
  ["athena:*", "glue:GetDatabase", "glue:GetTable", "s3:GetObject", "s3:GetBucketLocation", "s3:PutObject"],
  [
    "arn:aws:athena:eu-west-1:000000000000:workgroup/*",
    glueArn("catalog"),
    glueArn(`database/${bronze}`),
    glueArn(`table/${bronze}/*`),
    `arn:aws:s3:::${buckets.lake}/*`,
    `arn:aws:s3:::${buckets.results}`,
    `arn:aws:s3:::${buckets.results}/*`,
  ],
);

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "wikilake-athena-"));
  const installation = await installEngines({ parts: ["s3", "catalog", "trino"] });
  engines = await startEngines(installation, {
    stateDir,
    only: ["s3", "catalog", "trino"],
    buckets: Object.values(buckets),
  });
  s3 = new S3Client({ ...endpointOf(engines), forcePathStyle: true });
  await openRoom();
});

afterAll(async () => {
  await facade?.facade.close();
  await engines?.stop();
  if (stateDir !== undefined) await rm(stateDir, { recursive: true, force: true });
});

const endpointOf = ({ s3: { endpoint, region, accessKeyId, secretAccessKey } }: Engines) => ({
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
});

async function openRoom(): Promise<void> {
  const permissions = await startFacade([], [reader]);
  await permissions.facade.close();
  room = createQueryRoom({
    stateDir,
    trinoUrl: engines.trino.url,
    catalogUrl: engines.catalog.uri,
    s3: engines.s3,
    authorizer: permissions.authorizer,
    logger: permissions.logger,
  });
  facade = await startFacade([room.athena, room.glue], [reader]);
  athena = athenaClient(facade.client("athena"), { WorkGroup: workGroup, QueryExecutionContext: { Database: bronze } });
  for (const resource of resources) {
    const provider = room.providers.find(({ types }) => types.includes(resource.type));
    await provider?.create(resource);
  }
}

const stageColumns = [
  ["event_id", "string"],
  ["kafka_partition", "int"],
  ["kafka_offset", "bigint"],
  ["kafka_timestamp", "timestamp"],
  ["is_bot", "boolean"],
  ["user", "string"],
  ["event_timestamp", "timestamp"],
  ["raw_event", "string"],
] as const;

const database = (logicalId: string, name: string, location: string) => ({
  logicalId,
  type: "AWS::Glue::Database",
  properties: { DatabaseInput: { Name: name, LocationUri: location } },
});

const resources = [
  database("BronzeDatabase", bronze, `s3://${buckets.lake}/bronze/`),
  database("StageDatabase", staging, `s3://${buckets.stage}/stage/`),
  {
    logicalId: "StageRawEvents",
    type: "AWS::Glue::Table",
    properties: {
      DatabaseName: staging,
      TableInput: {
        Name: "raw_events",
        TableType: "EXTERNAL_TABLE",
        PartitionKeys: [{ Name: "batch", Type: "string" }],
        Parameters: {
          EXTERNAL: "TRUE",
          classification: "parquet",
          "projection.enabled": "true",
          "projection.batch.type": "injected",
          "storage.location.template": `s3://${buckets.stage}/stage/raw_events/batch=\${batch}`,
        },
        StorageDescriptor: {
          Location: `s3://${buckets.stage}/stage/raw_events/`,
          SerdeInfo: { SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
          Columns: stageColumns.map(([Name, Type]) => ({ Name, Type })),
        },
      },
    },
  },
  {
    logicalId: "WriteWorkGroup",
    type: "AWS::Athena::WorkGroup",
    properties: {
      Name: workGroup,
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        ResultConfiguration: { OutputLocation: `s3://${buckets.results}/write/` },
      },
    },
  },
];

async function stage(batch: string, rows: number): Promise<void> {
  const at = new Date("2016-06-27T10:00:00.123Z");
  const column = <T>(
    name: string,
    type: "STRING" | "INT32" | "INT64" | "TIMESTAMP" | "BOOLEAN",
    value: (i: number) => T,
  ) => ({
    name,
    type,
    data: Array.from({ length: rows }, (_, i) => value(i)),
    nullable: true,
  });
  const file = parquetWriteBuffer({
    columnData: [
      column("event_id", "STRING", (i) => `id-${i}`),
      column("kafka_partition", "INT32", () => 3),
      column("kafka_offset", "INT64", (i) => BigInt(i)),
      column("kafka_timestamp", "TIMESTAMP", () => at),
      column("is_bot", "BOOLEAN", (i) => i % 2 === 0),
      column("user", "STRING", (i) => (i === 0 ? null : `user ${i} 'quoted'`)),
      column("event_timestamp", "TIMESTAMP", () => at),
      column("raw_event", "STRING", (i) => JSON.stringify({ i, text: 'quote " and ünïcode' })),
    ],
  });
  const Key = `stage/raw_events/batch=${batch}/part-0.parquet`;
  await s3.send(new PutObjectCommand({ Bucket: buckets.stage, Key, Body: new Uint8Array(file) }));
}

const columns = `event_id, kafka_partition, kafka_offset, kafka_timestamp, is_bot, "user", event_timestamp, raw_event`;
const insert = (
  batches: readonly string[],
): string => `INSERT INTO ${bronze}.raw_events (${columns}, event_date, event_hour)
  SELECT ${columns}, '2016-06-27', 10 FROM ${staging}.raw_events s
  WHERE batch IN (${batches.map((batch) => `'${batch}'`).join(", ")}) AND NOT EXISTS (
    SELECT 1 FROM ${bronze}.raw_events t WHERE t.kafka_partition = s.kafka_partition AND t.kafka_offset = s.kafka_offset
    AND t.event_id = s.event_id AND t.event_date = '2016-06-27' AND t.event_hour = 10 AND t.kafka_partition IN (3))`;

const bronzeDdl = async (): Promise<string> => {
  const text = await readFile("schemas/tables/bronze.raw_events.sql", "utf8");
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders of the schema file
  return text.replaceAll("${database_prefix}", "wikilake_local").replaceAll("${lake_bucket}", buckets.lake);
};

describe("Athena in front of the real engines", () => {
  test("bronze's own DDL makes the table, twice, and Glue tells of it", async () => {
    await athena.run(await bronzeDdl());
    await athena.run(await bronzeDdl());
    const glue = new GlueClient(facade.client("glue"));
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: bronze, Name: "raw_events" }));
    expect(Table?.Parameters).toMatchObject({ table_type: "ICEBERG", vacuum_max_snapshot_age_seconds: "36000" });
    expect(Table?.Parameters?.["metadata_location"]).toMatch(
      /^s3:\/\/wikilake-local-lake\/bronze\/raw_events\/metadata\//,
    );
    expect(Table?.StorageDescriptor?.Columns).toContainEqual(
      expect.objectContaining({ Name: "kafka_offset", Type: "bigint" }),
    );
    await expect(
      glue.send(new UpdateTableCommand({ DatabaseName: bronze, TableInput: { Name: "x" } })),
    ).rejects.toThrow();
  });

  test("a staged batch goes in once, however often it is inserted", async () => {
    await stage("b1", 500);
    const first = await athena.run(insert(["b1"]));
    expect(first.updateCount).toBe(500);
    expect(first.execution.Statistics?.DataScannedInBytes).toBeGreaterThan(0);
    expect((await athena.run(insert(["b1"]))).updateCount).toBe(0);
    await stage("b2", 700);
    expect((await athena.run(insert(["b1", "b2"]))).updateCount).toBe(200);
  });

  test("rows come back as Athena writes them, header first, NULL absent, and lie in S3 as CSV", async () => {
    const { rows, execution } = await athena.run(
      `SELECT "user", is_bot, kafka_timestamp, kafka_offset, ARRAY[1, 2] a, 1.5 d FROM raw_events WHERE kafka_offset < 2 ORDER BY kafka_offset`,
    );
    expect(rows).toEqual([
      ["user", "is_bot", "kafka_timestamp", "kafka_offset", "a", "d"],
      [undefined, "true", "2016-06-27 10:00:00.123000", "0", "[1, 2]", "1.5"],
      ["user 1 'quoted'", "false", "2016-06-27 10:00:00.123000", "1", "[1, 2]", "1.5"],
    ]);
    const [Bucket = "", ...key] = (execution.ResultConfiguration?.OutputLocation ?? "").replace("s3://", "").split("/");
    const file = await s3.send(new GetObjectCommand({ Bucket, Key: key.join("/") }));
    expect(await file.Body?.transformToString()).toContain(`,"true","2016-06-27 10:00:00.123000","0","[1, 2]","1.5"\n`);
  });

  test("an injected projection without a literal is refused, as on AWS", async () => {
    await expect(athena.run(`SELECT count(*) FROM ${staging}.raw_events`)).rejects.toThrow(/FAILED/);
  });

  test("MERGE, UPDATE and DELETE give their counts", async () => {
    const merged =
      await athena.run(`MERGE INTO raw_events t USING (SELECT * FROM (VALUES ('id-0', 'm'), ('new', 'n')) AS v(id, title)) s
      ON t.event_id = s.id AND t.event_date = '2016-06-27'
      WHEN MATCHED THEN UPDATE SET title = s.title
      WHEN NOT MATCHED THEN INSERT (event_id, title, event_date, event_hour) VALUES (s.id, s.title, '2016-06-28', 0)`);
    expect(merged.updateCount).toBe(2);
    expect((await athena.run("UPDATE raw_events SET title = 'u' WHERE event_id = 'new'")).updateCount).toBe(1);
    expect((await athena.run("DELETE FROM raw_events WHERE event_id = 'new'")).updateCount).toBe(1);
  });

  test("views read through to their tables", async () => {
    await athena.run("CREATE OR REPLACE VIEW recent AS SELECT event_id, title FROM raw_events WHERE title IS NOT NULL");
    expect((await athena.run("SELECT * FROM recent")).rows).toEqual([
      ["event_id", "title"],
      ["id-0", "m"],
    ]);
    expect((await athena.run("SHOW VIEWS")).rows).toEqual([["recent"]]);
    await athena.run("DROP VIEW recent");
    expect((await athena.run("SHOW VIEWS")).rows).toEqual([]);
  });

  test("columns are added, described and shown", async () => {
    await athena.run("ALTER TABLE raw_events ADD COLUMNS (extra string COMMENT 'later', more array<struct<a:int>>)");
    const described = (await athena.run("DESCRIBE raw_events")).rows.map(([line = ""]) =>
      line.split("\t").map((part) => part.trim()),
    );
    expect(described).toContainEqual(["extra", "string", "later"]);
    expect(described).toContainEqual(["more", "array<struct<a:int>>", ""]);
    const ddl = (await athena.run("SHOW CREATE TABLE raw_events")).rows.map(([line]) => line).join("\n");
    expect(ddl).toContain("PARTITIONED BY (`event_date`, `event_hour`)");
    expect((await athena.run(`SHOW TABLES IN ${staging}`)).rows).toEqual([["raw_events"]]);
  });

  test("time travel, metadata tables and snapshot ids of 19 digits", async () => {
    const { rows } = await athena.run(`SELECT snapshot_id FROM "raw_events$snapshots" ORDER BY committed_at LIMIT 2`);
    const [, , [second = ""] = []] = rows;
    const counted = await athena.run(`SELECT count(*) FROM raw_events FOR VERSION AS OF ${second}`);
    expect(counted.rows[1]).toEqual(["500"]);
    expect((await athena.run(`SELECT count(*) > 0 FROM "raw_events$files"`)).rows[1]).toEqual(["true"]);
  });

  test("OPTIMIZE leaves one file a partition, VACUUM keeps what the table says", async () => {
    await athena.run("OPTIMIZE raw_events REWRITE DATA USING BIN_PACK WHERE event_date = '2016-06-27'");
    const files = await athena.run(`SELECT count(*) FROM "raw_events$files" WHERE content = 0 AND record_count > 1`);
    expect(files.rows[1]).toEqual(["1"]);
    const snapshots = async (): Promise<number> =>
      Number((await athena.run(`SELECT count(*) FROM "raw_events$snapshots"`)).rows[1]?.[0]);
    const before = await snapshots();
    await athena.run("VACUUM raw_events");
    expect(await snapshots()).toBe(before);
    await athena.run("ALTER TABLE raw_events SET TBLPROPERTIES ('vacuum_max_snapshot_age_seconds' = '0')");
    await athena.run("VACUUM raw_events");
    expect(await snapshots()).toBe(1);
    expect((await athena.run("SELECT count(*) FROM raw_events")).rows[1]).toEqual(["700"]);
  });

  test("a statement may open 100 partitions and no more", async () => {
    const location = `s3://${buckets.lake}/bronze/many/`;
    await athena.run(
      `CREATE TABLE many (a int) PARTITIONED BY (a) LOCATION '${location}' TBLPROPERTIES ('table_type'='ICEBERG')`,
    );
    await athena.run("INSERT INTO many SELECT * FROM UNNEST(sequence(1, 100))");
    await expect(athena.run("INSERT INTO many SELECT * FROM UNNEST(sequence(1, 101))")).rejects.toThrow(
      /ICEBERG_TOO_MANY_OPEN_PARTITIONS/,
    );
    await athena.run("ALTER TABLE many SET TBLPROPERTIES ('vacuum_max_metadata_files_to_keep' = '2')");
    for (let i = 0; i < 4; i += 1) await athena.run(`INSERT INTO many VALUES (${i})`);
    expect((await athena.run('SELECT count(*) FROM "many$metadata_log_entries"')).rows[1]).toEqual(["3"]);
    await athena.run("DROP TABLE many");
    // Nothing of it is left where it was.
    await athena.run(`CREATE TABLE many (a int) LOCATION '${location}' TBLPROPERTIES ('table_type'='ICEBERG')`);
    await athena.run("DROP TABLE many");
  });

  test("what the engine refuses is told in Athena's words", async () => {
    await expect(athena.start("SELECT FROM WHERE")).rejects.toMatchObject({
      name: "InvalidRequestException",
      AthenaErrorCode: "MALFORMED_QUERY",
    });
    const missing = await athena.settled(await athena.start("SELECT * FROM nowhere"));
    expect(missing.Status).toMatchObject({
      State: "FAILED",
      StateChangeReason: `TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.${bronze}.nowhere' does not exist`,
      AthenaError: { ErrorCategory: 2, ErrorType: 1301, Retryable: false },
    });
  });

  test("a role that may read cannot write, whatever it may do with Athena itself", async () => {
    const own = athenaClient(facade.client("athena", "Reader"), {
      WorkGroup: workGroup,
      QueryExecutionContext: { Database: bronze },
    });
    expect((await own.run("SELECT count(*) FROM raw_events")).rows[1]).toEqual(["700"]);
    for (const sql of [
      "DELETE FROM raw_events",
      "DROP TABLE raw_events",
      `SELECT 1 FROM ${staging}.raw_events WHERE batch = 'b1'`,
    ]) {
      const refused = await own.settled(await own.start(sql));
      expect(refused.Status).toMatchObject({
        State: "FAILED",
        StateChangeReason: expect.stringMatching(/Insufficient permissions.*glue:/),
      });
    }
    expect((await athena.run("SELECT count(*) FROM raw_events")).rows[1]).toEqual(["700"]);
  });

  test("writers at once: whoever is told SUCCEEDED is in the table once, whoever is told FAILED is not", async () => {
    await athena.run(
      `CREATE TABLE race (writer int, part string) PARTITIONED BY (part) LOCATION 's3://${buckets.lake}/bronze/race/' TBLPROPERTIES ('table_type'='ICEBERG')`,
    );
    const writers = Array.from({ length: 10 }, (_, i) => i);
    const ends = await Promise.all(
      writers.map(async (writer) => athena.settled(await athena.start(`INSERT INTO race VALUES (${writer}, 'p')`))),
    );
    const won = writers.filter((writer) => ends[writer]?.Status?.State === "SUCCEEDED");
    for (const { Status } of ends)
      if (Status?.State !== "SUCCEEDED") expect(Status?.StateChangeReason).toMatch(/^ICEBERG_COMMIT_ERROR: /);
    const { rows } = await athena.run("SELECT writer FROM race ORDER BY writer");
    expect(rows.slice(1).map(([writer]) => Number(writer))).toEqual(won);
  });

  test("a stop reaches the engine, and what was stopped early wrote nothing", async () => {
    const id = await athena.start(
      "INSERT INTO race SELECT CAST(count(*) AS integer), 'stopped' FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN UNNEST(sequence(1, 10000)) b(y) CROSS JOIN UNNEST(sequence(1, 10000)) c(z) WHERE x * y % 7 = z % 5",
    );
    while ((await athena.get(id)).Status?.State !== "RUNNING");
    await athena.client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await athena.settled(id)).Status).toMatchObject({
      State: "CANCELLED",
      StateChangeReason: "Query cancelled by user",
    });
    expect((await athena.run("SELECT count(*) FROM race WHERE part = 'stopped'")).rows[1]).toEqual(["0"]);
  });

  test("an engine that goes away fails its queries as retryable, and serves again once it is back", async () => {
    const id = await athena.start(
      "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x) CROSS JOIN UNNEST(sequence(1, 10000)) b(y) CROSS JOIN UNNEST(sequence(1, 10000)) c(z) WHERE x * y % 7 = z % 5",
    );
    while ((await athena.get(id)).Status?.State !== "RUNNING");
    await engines.restart("trino");
    const { Status } = await athena.settled(id);
    expect(Status).toMatchObject({ State: "FAILED", AthenaError: { ErrorCategory: 1, Retryable: true } });
    expect((await athena.run("SELECT count(*) > 0 FROM raw_events")).rows[1]).toEqual(["true"]);
  });

  test("after a restart tokens, results and tables are still known", async () => {
    const ClientRequestToken = "token-that-outlives-the-runtime-0001";
    const sql = "SELECT 'kept' AS word, CAST(NULL AS varchar) AS nothing";
    const id = await athena.start(sql, { ClientRequestToken });
    await athena.settled(id);
    await facade.facade.close();
    await openRoom();
    expect(await athena.start(sql, { ClientRequestToken })).toBe(id);
    expect((await athena.results(id)).rows).toEqual([
      ["word", "nothing"],
      ["kept", undefined],
    ]);
    expect((await athena.run(insert(["b1"]))).updateCount).toBe(0);
  });
});
