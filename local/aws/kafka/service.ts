import { AwsError, type AwsRequest, type AwsService, type Principal } from "../service.ts";
import type { KafkaCluster, KafkaClusters } from "./clusters.ts";

export type KafkaServiceDeps = {
  readonly clusters: KafkaClusters;
  /** Whether the unit behind a principal has a VPC configuration: only then can it reach brokers. */
  readonly inVpc: (principal: Principal) => boolean;
};

/** What a unit outside the VPC is told: addresses like AWS gives it, which it cannot reach. RFC 2606 reserves the name. */
const unreachable = (cluster: KafkaCluster): string => `b-1.${cluster.name}.outside-the-vpc.invalid:9092`;

/**
 * MSK's control plane as far as the pipeline calls it. Brokers speak plaintext on loopback, so only
 * BootstrapBrokerString is set; what a client then does at a broker is not checked by IAM here.
 */
export function createKafkaService({ clusters, inVpc }: KafkaServiceDeps): AwsService {
  return {
    name: "kafka",
    protocol: "rest-json",
    routes: [
      { method: "GET", path: "/v1/clusters/{clusterArn}/bootstrap-brokers", operation: "GetBootstrapBrokers" },
      { method: "GET", path: "/v1/clusters/{clusterArn}", operation: "DescribeCluster" },
      { method: "GET", path: "/api/v2/clusters/{clusterArn}", operation: "DescribeClusterV2" },
    ],
    permissions: ({ operation, input }) => [{ action: `kafka:${operation}`, resource: String(input["clusterArn"]) }],
    handle: async (request) => {
      const cluster = clusterOf(request, clusters);
      if (request.operation === "GetBootstrapBrokers") {
        const brokers = inVpc(request.principal) ? cluster.brokers.join(",") : unreachable(cluster);
        return { body: { bootstrapBrokerString: brokers } };
      }
      return {
        body: { clusterInfo: request.operation === "DescribeCluster" ? describe(cluster) : describeV2(cluster) },
      };
    },
  };
}

function clusterOf({ input }: AwsRequest, clusters: KafkaClusters): KafkaCluster {
  const wanted = String(input["clusterArn"]);
  const cluster = clusters.find(wanted);
  if (cluster?.arn === wanted) return cluster;
  throw new AwsError("NotFoundException", "The requested cluster doesn't exist.", 404);
}

const software = ({ version }: KafkaCluster) => ({ currentBrokerSoftwareInfo: { kafkaVersion: version } });

const describe = (cluster: KafkaCluster) => ({
  clusterArn: cluster.arn,
  clusterName: cluster.name,
  state: "ACTIVE",
  numberOfBrokerNodes: cluster.nodes,
  ...software(cluster),
});

const describeV2 = (cluster: KafkaCluster) => ({
  clusterArn: cluster.arn,
  clusterName: cluster.name,
  clusterType: "PROVISIONED",
  state: "ACTIVE",
  provisioned: { numberOfBrokerNodes: cluster.nodes, ...software(cluster) },
});
