import { GetBootstrapBrokersCommand, type KafkaClient } from "@aws-sdk/client-kafka";
import { generateAuthToken } from "aws-msk-iam-sasl-signer-js";
import kafkajs, { type Kafka, type KafkaConfig } from "kafkajs";
import type { Logger } from "../platform/logger.ts";
import { KafkaError } from "./errors.ts";

/** Where the brokers are and how to talk to them. */
export type Brokers = { readonly addresses: readonly string[]; readonly security: "sasl_iam" | "plaintext" };

/**
 * Retries inside one call to the broker: about 40 s altogether, longer than a broker's restart and shorter than a
 * container's stop. kafkajs takes other defaults when NODE_ENV is `test`, so all are given.
 */
const retry = { retries: 12, initialRetryTime: 100, maxRetryTime: 5_000, factor: 0.2, multiplier: 2 };
/** A dead broker's socket may hang this long before the next try. */
const requestTimeoutMs = 15_000;
const connectionTimeoutMs = 5_000;

/**
 * Asks MSK for the brokers, which a template cannot know. IAM when the cluster offers it, else plaintext.
 *
 * @throws KafkaError KAFKA_NO_BROKERS
 */
export async function findBrokers(client: KafkaClient, clusterArn: string): Promise<Brokers> {
  const answer = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }));
  const iam = answer.BootstrapBrokerStringSaslIam;
  if (iam !== undefined && iam !== "") return { addresses: iam.split(","), security: "sasl_iam" };
  const plain = answer.BootstrapBrokerString;
  if (plain !== undefined && plain !== "") return { addresses: plain.split(","), security: "plaintext" };
  throw new KafkaError("KAFKA_NO_BROKERS", "the cluster offers neither an IAM nor a plaintext listener", {
    retriable: true,
  });
}

/** A client for the brokers. With IAM a token is signed for each connection and again before it expires. */
export function createKafka(brokers: Brokers, options: { clientId: string; region: string; log: Logger }): Kafka {
  const config: KafkaConfig = {
    clientId: options.clientId,
    brokers: [...brokers.addresses],
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    retry,
    logLevel: kafkajs.logLevel.WARN,
    // Only the client's own words: its extra fields may hold what was sent.
    logCreator:
      () =>
      ({ log }) =>
        options.log.warn("kafka-client", { message: log.message }),
  };
  if (brokers.security === "plaintext") return new kafkajs.Kafka(config);
  const oauthBearerProvider = async () => ({ value: (await generateAuthToken({ region: options.region })).token });
  return new kafkajs.Kafka({ ...config, ssl: true, sasl: { mechanism: "oauthbearer", oauthBearerProvider } });
}
