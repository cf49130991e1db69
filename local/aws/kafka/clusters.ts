import { createHash } from "node:crypto";
import { arn } from "../account.ts";

/** The cluster of the template and where its brokers really are. */
export type KafkaCluster = {
  readonly arn: string;
  readonly name: string;
  /** As the template has it: `3.9.x.kraft`. */
  readonly version: string;
  /** Broker nodes the template asks for; fewer may run here. */
  readonly nodes: number;
  /** `127.0.0.1:port` of each local broker. */
  readonly brokers: readonly string[];
};

export type KafkaClusters = {
  put(cluster: KafkaCluster): void;
  /** By ARN or name. */
  find(arnOrName: string): KafkaCluster | undefined;
};

/** Makes an empty registry. */
export function createKafkaClusters(): KafkaClusters {
  const clusters = new Map<string, KafkaCluster>();
  return {
    put: (cluster) => {
      clusters.set(cluster.arn, cluster);
    },
    find: (wanted) => clusters.get(wanted) ?? [...clusters.values()].find(({ name }) => name === wanted),
  };
}

/** `cluster/<name>/<id>` with an id that is the same at every start, in MSK's form. */
export function clusterArn(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
  return arn("kafka", `cluster/${name}/${id}-1`);
}

/** ARN of a topic of a cluster: `topic/<name>/<id>/<topic>`. */
export const topicArn = (cluster: string, topic: string): string =>
  `${cluster.replace(":cluster/", ":topic/")}/${topic}`;
