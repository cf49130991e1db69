import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AthenaClient } from "@aws-sdk/client-athena";
import { S3Client } from "@aws-sdk/client-s3";
import { applyTables } from "../../../handlers/migrate/apply-tables.ts";
import { readDdlFiles } from "../../../handlers/migrate/ddl-files.ts";
import type { BatchEntry } from "../../../lib/core/batch.ts";
import { createAthenaEngine } from "../../../lib/lake/athena-query-engine.ts";
import { type BronzeCommitDeps, bronzeTarget } from "../../../lib/lake/commit-bronze.ts";
import type { EpochReport } from "../../../lib/lake/commit-loop.ts";
import { commitPolicy } from "../../../lib/lake/commit-policy.ts";
import type { QueryEngine } from "../../../lib/lake/query-engine.ts";
import { createS3ObjectStore } from "../../../lib/lake/s3-object-store.ts";
import type { WallClock } from "../../../lib/platform/clock.ts";
import { systemClock } from "../../../lib/platform/clock.ts";
import { createLogger } from "../../../lib/platform/logger.ts";
import { toDeadLetterRow } from "../../../lib/steps/to-bronze-row.ts";
import type { AthenaFaults } from "../../../local/aws/athena/faults.ts";
import { createQueryRoom } from "../../../local/aws/athena/room.ts";
import type { S3Hooks } from "../../../local/aws/s3/faults.ts";
import { createS3Front } from "../../../local/aws/s3/front.ts";
import { installEngines } from "../../../local/engines/install-engines.ts";
import { startEngines } from "../../../local/engines/start-engines.ts";
import { stageTables } from "../../../schemas/tables/columns.ts";
import { operator, startFacade } from "../../local/aws/facade/contract-services.ts";

const prefix = "wikilake_local";
const buckets = { lake: "wikilake-local-lake", stage: "wikilake-local-stage", results: "wikilake-local-results" };
const workgroup = "wikilake-local-write";
const layers = ["bronze", "silver", "gold", "live", "ops", "dq_audit", "stage"] as const;

export const databases = {
  bronze: `${prefix}_bronze`,
  stage: `${prefix}_stage`,
  ops: `${prefix}_ops`,
  dqAudit: `${prefix}_dq_audit`,
};

export type LakeRoom = Awaited<ReturnType<typeof openLakeRoom>>;

/** Where a test makes the services fail. */
export type RoomFaults = { readonly athena?: AthenaFaults; readonly s3?: S3Hooks };

/** The real engines behind Athena's API, with the databases, stage tables and work group of the template. */
export async function openLakeRoom(faults: RoomFaults = {}) {
  const stateDir = await mkdtemp(join(tmpdir(), "wikilake-lake-"));
  const parts = ["s3", "catalog", "trino"] as const;
  const installation = await installEngines({ parts: [...parts] });
  const engines = await startEngines(installation, { stateDir, only: [...parts], buckets: Object.values(buckets) });
  const permissions = await startFacade([], []);
  await permissions.facade.close();
  const room = createQueryRoom({
    stateDir,
    trinoUrl: engines.trino.url,
    catalogUrl: engines.catalog.uri,
    s3: engines.s3,
    authorizer: permissions.authorizer,
    logger: permissions.logger,
    ...(faults.athena ? { faults: faults.athena } : {}),
  });
  const facade = await startFacade([room.athena, room.glue], []);
  const front = await createS3Front({
    s3MockUrl: engines.s3.endpoint,
    principals: facade.principals,
    authorizer: facade.authorizer,
    logger: facade.logger,
    ...(faults.s3 ? { hooks: faults.s3 } : {}),
  });
  for (const resource of resources()) {
    await room.providers.find(({ types }) => types.includes(resource.type))?.create(resource);
  }
  const athena = new AthenaClient(facade.client("athena"));
  const engine = createAthenaEngine({ starter: athena, reader: athena });
  const { region, accessKeyId, secretAccessKey } = engines.s3;
  const mock = { endpoint: engines.s3.endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  // Through the front, whose conditional writes have one winner (S3Mock's own have not); around it where the front is told
  // to fail, for the test's own look at the bucket.
  const passage = faults.s3 ? mock : { ...facade.client("s3"), endpoint: front.url };
  const s3 = new S3Client({ ...passage, forcePathStyle: true });
  const store = createS3ObjectStore({ client: s3, bucket: buckets.stage, clock: systemClock, random: Math.random });
  const epochs: EpochReport[] = [];
  return {
    engine,
    store,
    epochs,
    engines,
    /** For a writer in a process of its own; its S3 is the one with the faults. */
    environment: {
      ...facade.facade.environment(operator),
      AWS_ENDPOINT_URL_S3: front.url,
      STAGE: "local",
      STAGE_BUCKET: buckets.stage,
      WORKGROUP: workgroup,
      BRONZE_DATABASE: databases.bronze,
      STAGE_DATABASE: databases.stage,
    },
    migrate: () => migrate(engine),
    sql: (text: string) => select(engine, text),
    run: (text: string) => finish(engine, text),
    deps: (over: Partial<BronzeCommitDeps> = {}): BronzeCommitDeps => ({
      ...bronzeDeps(engine, store, epochs),
      ...over,
    }),
    close: async (): Promise<void> => {
      await facade.facade.close();
      await front.close();
      await engines.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

const log = createLogger({ write: () => undefined });

function migrate(engine: QueryEngine): Promise<readonly string[]> {
  const config = { WORKGROUP: workgroup, DATABASE_PREFIX: prefix, LAKE_BUCKET: buckets.lake };
  const root = join(import.meta.dirname, "../../..");
  return applyTables({ engine, clock: systemClock, newUuid: randomUUID, log, config }, readDdlFiles(root));
}

function bronzeDeps(
  engine: QueryEngine,
  store: BronzeCommitDeps["store"],
  epochs: EpochReport[],
  clock: WallClock = systemClock,
): BronzeCommitDeps {
  return {
    store,
    engine,
    clock,
    random: Math.random,
    newUuid: randomUUID,
    log,
    onEpoch: (report) => epochs.push(report),
    target: bronzeTarget(databases, workgroup),
    // Seconds matter in a test, the protocol's waits do not: nothing here depends on them.
    policy: { ...commitPolicy, commitIntervalMs: 0, settleMs: 1_000 },
    judgeVersion: "1",
    toPoisonRow: ({ record }: BatchEntry) =>
      toDeadLetterRow(
        record,
        {
          stage: "bronze_writer",
          reason: "retries_exhausted",
          detail: "",
          eventId: undefined,
          wiki: undefined,
          attempts: 1,
        },
        clock.now(),
      ),
  };
}

async function finish(engine: QueryEngine, sql: string): Promise<string> {
  const request = { sql, token: randomUUID(), database: databases.bronze, workgroup, output: undefined };
  const { queryId } = await engine.start(request);
  for (;;) {
    const status = await engine.status(queryId);
    if (status?.state === "SUCCEEDED") return queryId;
    if (status?.state === "FAILED") throw new Error(`${status.errorCode}: ${sql}`);
    await systemClock.sleep(50);
  }
}

async function select(engine: QueryEngine, sql: string): Promise<readonly (readonly (string | undefined)[])[]> {
  return (await engine.result(await finish(engine, sql))).rows;
}

function resources() {
  return [
    ...layers.map((layer) => ({
      logicalId: `${layer}Database`,
      type: "AWS::Glue::Database",
      properties: {
        DatabaseInput: {
          Name: `${prefix}_${layer}`,
          LocationUri: layer === "stage" ? `s3://${buckets.stage}/stage/` : `s3://${buckets.lake}/${layer}/`,
        },
      },
    })),
    ...Object.entries(stageTables).map(([table, columns]) => ({
      logicalId: `Stage${table}`,
      type: "AWS::Glue::Table",
      properties: {
        DatabaseName: databases.stage,
        TableInput: {
          Name: table,
          TableType: "EXTERNAL_TABLE",
          PartitionKeys: [{ Name: "batch", Type: "string" }],
          Parameters: {
            EXTERNAL: "TRUE",
            classification: "parquet",
            "projection.enabled": "true",
            "projection.batch.type": "injected",
            "storage.location.template": `s3://${buckets.stage}/stage/${table}/batch=$\{batch}`,
          },
          StorageDescriptor: {
            Location: `s3://${buckets.stage}/stage/${table}/`,
            SerdeInfo: { SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe" },
            Columns: columns.map(([Name, Type]) => ({ Name, Type })),
          },
        },
      },
    })),
    {
      logicalId: "WriteWorkGroup",
      type: "AWS::Athena::WorkGroup",
      properties: {
        Name: workgroup,
        WorkGroupConfiguration: {
          EnforceWorkGroupConfiguration: true,
          ResultConfiguration: { OutputLocation: `s3://${buckets.results}/write/` },
        },
      },
    },
  ];
}
