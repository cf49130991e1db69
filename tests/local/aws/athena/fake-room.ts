import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunOptions, TrinoClient, TrinoResult } from "../../../../local/aws/athena/engine/trino-client.ts";
import type { TrinoColumn } from "../../../../local/aws/athena/engine/trino-protocol.ts";
import type { AthenaFaults } from "../../../../local/aws/athena/faults.ts";
import type { ObjectStore } from "../../../../local/aws/athena/object-store.ts";
import { createAthenaService } from "../../../../local/aws/athena/service.ts";
import { createWorkGroups } from "../../../../local/aws/athena/work-groups.ts";
import type { IcebergCatalog } from "../../../../local/aws/glue/iceberg-catalog.ts";
import { openGlueRegistry } from "../../../../local/aws/glue/registry.ts";
import { type roleAllowing, startFacade } from "../facade/contract-services.ts";
import { athenaClient } from "./athena-client.ts";

export type FakeEngine = TrinoClient & {
  readonly seen: { readonly sql: string; readonly options: RunOptions }[];
  /** What the next statements do; the default answers at once with one row. */
  answer: (sql: string, options: RunOptions) => Promise<Partial<TrinoResult>>;
};

export const varchar = (name: string): TrinoColumn => ({
  name,
  type: "varchar",
  typeSignature: { rawType: "varchar", arguments: [] },
});

export const stats = {
  state: "FINISHED",
  physicalInputBytes: 7,
  planningTimeMillis: 1,
  elapsedTimeMillis: 2,
  queuedTimeMillis: 0,
};

export function fakeEngine(): FakeEngine {
  const engine: FakeEngine = {
    seen: [],
    answer: async () => ({}),
    run: async (sql, options = {}) => {
      engine.seen.push({ sql, options });
      const answer = await engine.answer(sql, options);
      return {
        queryId: "q",
        columns: [varchar("a")],
        rows: [["x"]],
        updateType: undefined,
        updateCount: 1,
        stats,
        ...answer,
      };
    },
    syntaxError: async (sql) => (sql.includes("BROKEN") ? "line 1:1: mismatched input 'BROKEN'" : undefined),
  };
  return engine;
}

export const memoryStore = (): ObjectStore & { readonly files: Map<string, string> } => {
  const files = new Map<string, string>();
  return {
    files,
    put: async (address, body) => void files.set(address, body),
    get: async (address) => files.get(address) ?? "",
  };
};

/** Tables of any name exist, each under its own prefix of one bucket. */
const iceberg: IcebergCatalog = {
  tables: async () => [],
  table: async () => undefined,
  location: async (database, table) => `s3://lake/${database}/${table}`,
  setProperties: async () => undefined,
};

type Options = {
  readonly faults?: AthenaFaults;
  readonly roles?: readonly ReturnType<typeof roleAllowing>[];
  readonly stateDir?: string;
  readonly objects?: ReturnType<typeof memoryStore>;
};

/** The Athena service behind a facade, its engine and its S3 faked, with an SDK client of the operator. */
export async function fakeRoom(options: Options = {}) {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), "wikilake-athena-unit-"));
  const objects = options.objects ?? memoryStore();
  const engine = fakeEngine();
  const workGroups = createWorkGroups(Date.now);
  const group = { description: undefined, enabled: true, bytesScannedCutoff: undefined, createdAt: 0 };
  workGroups.put({ ...group, name: "write", enforced: true, outputLocation: "s3://results/write/" });
  workGroups.put({
    ...group,
    name: "small",
    enforced: true,
    outputLocation: "s3://results/small/",
    bytesScannedCutoff: 100,
  });
  const registry = openGlueRegistry({ stateDir });
  const permissions = await startFacade([], options.roles);
  await permissions.facade.close();
  const athena = createAthenaService({
    stateDir,
    trino: engine,
    registry,
    iceberg,
    workGroups,
    objects,
    authorizer: permissions.authorizer,
    logger: permissions.logger,
    now: Date.now,
    newId: randomUUID,
    ...(options.faults !== undefined && { faults: options.faults }),
  });
  const facade = await startFacade([athena], options.roles);
  const close = async (): Promise<void> => {
    await facade.facade.close();
    rmSync(stateDir, { recursive: true, force: true });
  };
  const clientOf = (role?: string) =>
    athenaClient(facade.client("athena", role), { WorkGroup: "write", QueryExecutionContext: { Database: "db" } });
  return { ...clientOf(), clientOf, engine, objects, registry, stateDir, athena, close };
}
