import { randomUUID } from "node:crypto";
import type { Logger } from "../../../lib/platform/logger.ts";
import { createIcebergCatalog } from "../glue/iceberg-catalog.ts";
import { createGlueProvider } from "../glue/provider.ts";
import { type GlueRegistry, openGlueRegistry } from "../glue/registry.ts";
import { createGlueService } from "../glue/service.ts";
import type { ResourceProvider } from "../resource.ts";
import type { Authorizer, AwsService } from "../service.ts";
import { createTrinoClient, type TrinoClient } from "./engine/trino-client.ts";
import type { AthenaFaults } from "./faults.ts";
import { createObjectStore, type S3Address } from "./object-store.ts";
import { createAthenaProvider } from "./provider.ts";
import { type AthenaService, createAthenaService } from "./service.ts";
import { createWorkGroups } from "./work-groups.ts";

export type QueryRoomOptions = {
  readonly stateDir: string;
  /** The engine, the Iceberg REST catalog, and the S3 server behind the IAM front. */
  readonly trinoUrl: string;
  readonly catalogUrl: string;
  readonly s3: S3Address;
  readonly authorizer: Authorizer;
  readonly logger: Logger;
  readonly faults?: AthenaFaults;
  readonly now?: () => number;
};

export type QueryRoom = {
  readonly athena: AthenaService;
  readonly glue: AwsService;
  readonly providers: readonly ResourceProvider[];
  readonly registry: GlueRegistry;
  readonly trino: TrinoClient;
};

/** Athena and Glue on one machine, with what they share: the engine, the registry and the workgroups. */
export function createQueryRoom(options: QueryRoomOptions): QueryRoom {
  const { stateDir, authorizer, logger, now = Date.now } = options;
  const registry = openGlueRegistry({ stateDir });
  const trino = createTrinoClient({ url: options.trinoUrl });
  const iceberg = createIcebergCatalog({ url: options.catalogUrl });
  const workGroups = createWorkGroups(now);
  const objects = createObjectStore(options.s3);
  const shared = { stateDir, registry, trino, iceberg, workGroups, objects, authorizer, logger, now };
  const athena = createAthenaService({
    ...shared,
    newId: randomUUID,
    ...(options.faults !== undefined && { faults: options.faults }),
  });
  return {
    athena,
    glue: createGlueService(shared),
    providers: [createGlueProvider(shared), createAthenaProvider(shared)],
    registry,
    trino,
  };
}
