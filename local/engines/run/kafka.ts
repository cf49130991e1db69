import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { z } from "zod";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import { errnoOf } from "../errno.ts";
import { commandError } from "../install/install-errors.ts";
import { runCommand } from "../install/run-command.ts";
import { folderOf, type Installation, javaOf } from "../installation.ts";
import { javaCommand, smallJvm } from "./java-command.ts";
import { type Properties, writeProperties } from "./properties-file.ts";
import type { EngineDefinition } from "./supervisor.ts";

/** One broker of the cluster: listens for clients and for the quorum. `id` counts from 1. */
export type KafkaNode = { readonly id: number; readonly clientPort: number; readonly quorumPort: number };

export type KafkaOptions = {
  readonly folder: string;
  /** Log file of a process by its name. */
  readonly logFileOf: (name: string) => string;
  readonly nodes: readonly KafkaNode[];
  /** Broker settings on top of ours, as an MSK configuration would give them. */
  readonly properties: Properties;
};

/** One definition a broker; a single one is called `kafka`, several `kafka-1` and so on. */
export function kafkaDefinitions(installation: Installation, options: KafkaOptions): readonly EngineDefinition[] {
  return options.nodes.map((node) => nodeDefinition(installation, options, node));
}

function nodeDefinition(installation: Installation, options: KafkaOptions, node: KafkaNode): EngineDefinition {
  const name = options.nodes.length === 1 ? "kafka" : `kafka-${node.id}`;
  const folder = nodeFolder(options.folder, node.id);
  const settings = join(folder, "server.properties");
  const classPath = join(folderOf(installation, "kafka"), "*");
  return {
    name,
    command: javaCommand(installation, {
      major: 17,
      heap: "256m",
      options: [...smallJvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"],
      classPath: [classPath],
      mainClass: "kafka.Kafka",
      arguments: [settings],
      cwd: folder,
      logFile: options.logFileOf(name),
    }),
    prepare: async () => {
      const cluster = await readOrMakeCluster(options.folder, options.nodes.length);
      await writeProperties(settings, nodeProperties(options, node));
      await formatOnce(installation, { folder, settings, clusterId: cluster.id });
    },
    isReady: () => answersAsMember(node),
    startTimeoutMs: 60_000,
    // The last of several brokers has no quorum any more and would wait for one for minutes.
    stopGraceMs: options.nodes.length === 1 ? 20_000 : 8_000,
  };
}

const nodeFolder = (folder: string, id: number): string => join(folder, `node-${id}`);

/** Settings of one node. Voters are static: with ports chosen anew at each start, a recorded quorum would be stale. */
export function nodeProperties(options: KafkaOptions, node: KafkaNode): Properties {
  const replicas = options.nodes.length;
  const listeners = `PLAINTEXT://127.0.0.1:${node.clientPort},CONTROLLER://127.0.0.1:${node.quorumPort}`;
  return {
    "process.roles": "broker,controller",
    "node.id": node.id,
    "controller.quorum.voters": options.nodes.map(({ id, quorumPort }) => `${id}@127.0.0.1:${quorumPort}`).join(","),
    listeners,
    "advertised.listeners": listeners,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": join(nodeFolder(options.folder, node.id), "logs"),
    "auto.create.topics.enable": false,
    "default.replication.factor": replicas,
    "offsets.topic.replication.factor": replicas,
    "transaction.state.log.replication.factor": replicas,
    // MSK's default for three brokers.
    "min.insync.replicas": Math.min(2, replicas),
    "transaction.state.log.min.isr": Math.min(2, replicas),
    // The default of 50 partitions for these costs start-up time and open files, and one machine has few groups.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    // The default of 128 MB is half the heap, for compacting a topic of a few kilobytes.
    "log.cleaner.dedupe.buffer.size": 8_000_000,
    ...options.properties,
  };
}

type Cluster = { readonly id: string; readonly brokers: number };

/**
 * The cluster's identity, made at its first start. Data belongs to the number of brokers it was written with: starting
 * it with another one would look like lost topics, so it is refused with STATE_OF_OTHER_SHAPE.
 */
async function readOrMakeCluster(folder: string, brokers: number): Promise<Cluster> {
  const path = join(folder, "cluster.json");
  await mkdir(folder, { recursive: true });
  const made = { id: randomBytes(clusterIdBytes).toString("base64url"), brokers };
  // Created only if absent: with three brokers, three starts come here at once.
  await writeFile(`${path}`, JSON.stringify(made), { flag: "wx" }).catch(ignoreExisting);
  const cluster = clusterSchema.parse(JSON.parse(await readFile(path, "utf8")));
  if (cluster.brokers === brokers) return cluster;
  const message = `${folder} holds a cluster of ${cluster.brokers} brokers, and ${brokers} were asked for.`;
  throw new WikilakeError("STATE_OF_OTHER_SHAPE", message, { retriable: false });
}

const clusterSchema = z.object({ id: z.string(), brokers: z.number().int().positive() });

/** Kafka's cluster id is a UUID in base64. */
const clusterIdBytes = 16;

type Storage = { readonly folder: string; readonly settings: string; readonly clusterId: string };

/** Formats a node's log folder before its first start. One that was cut short has no mark and is made anew. */
async function formatOnce(installation: Installation, { folder, settings, clusterId }: Storage): Promise<void> {
  const mark = join(folder, "formatted");
  if (await exists(mark)) return;
  await rm(join(folder, "logs"), { recursive: true, force: true });
  // With `=`: an id may begin with a dash, which would look like another option.
  const tool = ["kafka.tools.StorageTool", "format", `--cluster-id=${clusterId}`, "-c", settings];
  const options = [...smallJvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"];
  const args = [...options, "-cp", join(folderOf(installation, "kafka"), "*"), ...tool];
  const result = await runCommand({ command: javaOf(installation, 17), args });
  if (result.kind !== "done") throw commandError("Formatting Kafka's storage", result);
  await writeFile(mark, "");
}

/** True when this broker is among the members that it sees, and it sees all that have to be there. */
async function answersAsMember(node: KafkaNode): Promise<boolean> {
  const kafka = new Kafka({
    clientId: "wikilake-readiness",
    brokers: [`127.0.0.1:${node.clientPort}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers, controller } = await admin.describeCluster();
    return controller !== null && brokers.some(({ nodeId }) => nodeId === node.id);
  } finally {
    await admin.disconnect();
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function ignoreExisting(error: unknown): void {
  if (errnoOf(error) !== "EEXIST") throw error;
}
