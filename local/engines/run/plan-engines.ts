import { join } from "node:path";
import type { EngineName, Installation } from "../installation.ts";
import { catalogDefinition } from "./catalog.ts";
import { type KafkaNode, kafkaDefinitions } from "./kafka.ts";
import { choosePorts } from "./ports.ts";
import type { Properties } from "./properties-file.ts";
import { engineCredentials, type S3Endpoint, s3Definition } from "./s3.ts";
import type { EngineDefinition } from "./supervisor.ts";
import { trinoDefinition } from "./trino.ts";

/** How each engine is reached. Fixed for the whole run, over restarts of an engine too. */
export type Endpoints = {
  readonly s3: S3Endpoint;
  /** Iceberg REST catalog. */
  readonly catalog: { readonly uri: string };
  /** Bootstrap addresses, plaintext. */
  readonly kafka: { readonly brokers: readonly string[] };
  readonly trino: { readonly url: string };
};

export type PlanOptions = {
  readonly stateDir: string;
  readonly ownBucket: string;
  readonly region?: string;
  readonly warehouse?: string;
  readonly brokers?: 1 | 3;
  readonly kafkaProperties?: Properties;
};

export type EnginePlan = {
  readonly stateDir: string;
  readonly ports: { readonly s3: number; readonly catalog: number; readonly trino: number };
  readonly nodes: readonly KafkaNode[];
  readonly endpoints: Endpoints;
  readonly warehouse: string;
  readonly ownBucket: string;
  readonly kafkaProperties: Properties;
};

/** The region of the local account; S3Mock and the clients only have to agree on one. */
const defaultRegion = "eu-west-1";

/** Chooses ports and derives everything from them, so that engines which need each other can start at once. */
export async function planEngines(options: PlanOptions): Promise<EnginePlan> {
  const brokers = options.brokers ?? 1;
  const [s3 = 0, catalog = 0, trino = 0, ...kafkaPorts] = await choosePorts(3 + 2 * brokers);
  const nodes = Array.from({ length: brokers }, (_, index): KafkaNode => {
    const [clientPort = 0, quorumPort = 0] = kafkaPorts.slice(2 * index, 2 * index + 2);
    return { id: index + 1, clientPort, quorumPort };
  });
  const region = options.region ?? defaultRegion;
  return {
    stateDir: options.stateDir,
    ports: { s3, catalog, trino },
    nodes,
    endpoints: {
      s3: { endpoint: `http://127.0.0.1:${s3}`, region, ...engineCredentials },
      catalog: { uri: `http://127.0.0.1:${catalog}` },
      kafka: { brokers: nodes.map(({ clientPort }) => `127.0.0.1:${clientPort}`) },
      trino: { url: `http://127.0.0.1:${trino}` },
    },
    warehouse: options.warehouse ?? `s3://${options.ownBucket}/lake`,
    ownBucket: options.ownBucket,
    kafkaProperties: options.kafkaProperties ?? {},
  };
}

/** The processes of one engine. */
export function defineEngines(
  installation: Installation,
  plan: EnginePlan,
  name: EngineName,
): readonly EngineDefinition[] {
  const { ports, endpoints } = plan;
  const logFileOf = (process: string): string => join(plan.stateDir, "logs", `${process}.log`);
  const common = { folder: join(plan.stateDir, "engines", name), logFile: logFileOf(name) };
  switch (name) {
    case "s3":
      return [s3Definition(installation, { ...common, port: ports.s3, region: endpoints.s3.region })];
    case "catalog": {
      const { warehouse } = plan;
      return [catalogDefinition(installation, { ...common, port: ports.catalog, s3: endpoints.s3, warehouse })];
    }
    case "kafka":
      return kafkaDefinitions(installation, {
        folder: common.folder,
        logFileOf,
        nodes: plan.nodes,
        properties: plan.kafkaProperties,
      });
    case "trino":
      return [
        trinoDefinition(installation, {
          ...common,
          port: ports.trino,
          s3: endpoints.s3,
          catalogUri: endpoints.catalog.uri,
          ownBucket: plan.ownBucket,
        }),
      ];
  }
}
