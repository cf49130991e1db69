import type { Logger } from "../../lib/platform/logger.ts";
import { createAlarmProvider, createAlarms } from "./cloudwatch/alarms.ts";
import { ingestLogLine } from "./cloudwatch/emf.ts";
import { keepMetrics } from "./cloudwatch/metric-file.ts";
import { createMetricStore } from "./cloudwatch/metric-store.ts";
import { createCloudWatchService } from "./cloudwatch/service.ts";
import { createDeliverTo } from "./deliver-to.ts";
import { createEventBus } from "./eventbridge/event-bus.ts";
import { createEventBridgeProvider } from "./eventbridge/provider.ts";
import { createEventBridgeService } from "./eventbridge/service.ts";
import { createFacade } from "./facade/facade.ts";
import { createPrincipals } from "./facade/principals.ts";
import { createAuthorizer } from "./iam/authorizer.ts";
import { createIamProvider } from "./iam/provider.ts";
import { createResourcePolicies } from "./iam/resource-policies.ts";
import { createRoles } from "./iam/roles.ts";
import { connectTopicAdmin } from "./kafka/admin.ts";
import { createKafkaClusters } from "./kafka/clusters.ts";
import { createKafkaProvider } from "./kafka/provider.ts";
import { createKafkaService } from "./kafka/service.ts";
import { createKmsProvider } from "./kms/provider.ts";
import type { ResourceProvider } from "./resource.ts";
import type { S3Hooks } from "./s3/faults.ts";
import { createS3Front } from "./s3/front.ts";
import { createS3Provider } from "./s3/provider.ts";
import { createSecretsManagerProvider } from "./secrets-manager/provider.ts";
import { createSecrets } from "./secrets-manager/secrets.ts";
import { createSecretsManagerService } from "./secrets-manager/service.ts";
import type { Principal } from "./service.ts";
import { createSnsProvider } from "./sns/provider.ts";
import { createPublisher } from "./sns/publisher.ts";
import { createSnsService } from "./sns/service.ts";
import { createTopics } from "./sns/topics.ts";
import { createSqsProvider } from "./sqs/provider.ts";
import { createQueues } from "./sqs/queues.ts";
import { createSqsService } from "./sqs/service.ts";
import { createStsService } from "./sts/service.ts";
import type { AssumeRole, EnvironmentFor } from "./unit.ts";

export type AccountDeps = {
  readonly stateDir: string;
  /** `wikilake-<stage>`: start of names that the template leaves open. */
  readonly prefix: string;
  readonly s3MockUrl: string;
  readonly brokers: readonly string[];
  readonly logger: Logger;
  /** Asynchronous invocation of a function by ARN; called only once functions are realised. */
  readonly invokeLambda: (functionArn: string, event: unknown) => Promise<void>;
  /** Whether the unit behind a principal has a VPC configuration. */
  readonly inVpc: (principal: Principal) => boolean;
  readonly s3Hooks?: S3Hooks;
};

export type AccountServices = Awaited<ReturnType<typeof startAccountServices>>;

/**
 * What every unit of an account shares: identities and IAM, the S3 front, the facade, messages, metrics, events, secrets
 * and the cluster's control plane, wired together. Services that run units are added to `facade`; `providers` realise
 * the resource types of these services.
 */
export async function startAccountServices(deps: AccountDeps) {
  const identity = createIdentity();
  const { principals, authorizer } = identity;
  const front = await createS3Front({
    ...deps,
    principals,
    authorizer,
    ...(deps.s3Hooks ? { hooks: deps.s3Hooks } : {}),
  });
  const messages = createMessages(deps, identity);
  const store = createMetricStore();
  const metricFile = await keepMetrics(store, deps.stateDir, deps.logger);
  const alarms = createAlarms();
  const secrets = createSecrets(deps);
  const clusters = createKafkaClusters();
  const facade = await createFacade({
    ...identity,
    services: [],
    logger: deps.logger,
    otherEndpoints: { s3: front.url },
  });
  const endpoint = (): string => facade.url("sqs");
  for (const service of [
    createSnsService(messages),
    createSqsService({ ...messages, endpoint }),
    createEventBridgeService(messages),
    createCloudWatchService({ store, alarms }),
    createSecretsManagerService({ secrets }),
    createKafkaService({ ...deps, clusters }),
    createStsService(),
  ]) {
    facade.add(service);
  }
  const shared = { ...deps, ...identity, ...messages, alarms, secrets, clusters, front, endpoint };
  const assumeRole: AssumeRole = (service, roleArn, context = {}) => authorizer.checkTrust(roleArn, service, context);
  const environmentFor: EnvironmentFor = facade.environment;
  return {
    ...identity,
    ...messages,
    front,
    facade,
    store,
    alarms,
    secrets,
    clusters,
    assumeRole,
    environmentFor,
    deliverTo: createDeliverTo({ ...identity, ...messages, s3Url: () => front.url }),
    /** Takes metrics out of what a unit logs. */
    ingestLogLine: (line: string): number => ingestLogLine(store, line),
    providers: providersOf(shared),
    close: async (): Promise<void> => {
      await Promise.all([messages.publisher.drained(), messages.bus.drained()]);
      await facade.close();
      await front.close();
      await metricFile.close();
    },
  };
}

function createIdentity() {
  const roles = createRoles();
  const resourcePolicies = createResourcePolicies();
  return {
    principals: createPrincipals(),
    roles,
    resourcePolicies,
    authorizer: createAuthorizer({ roles, resourcePolicies }),
  };
}
type Identity = ReturnType<typeof createIdentity>;

function createMessages(deps: AccountDeps, { authorizer }: Identity) {
  const { stateDir, logger, invokeLambda } = deps;
  const queues = createQueues({ stateDir });
  const topics = createTopics();
  const sendToQueue = async (queueArn: string, body: string): Promise<void> => void (await queues.send(queueArn, body));
  const publisher = createPublisher({ stateDir, logger, authorizer, topics, sendToQueue, invokeLambda });
  const deliver = async (targetArn: string, body: string): Promise<void> => {
    const service = targetArn.split(":")[2];
    if (service === "lambda") await invokeLambda(targetArn, JSON.parse(body));
    else if (service === "sqs") await queues.send(targetArn, body);
    else
      publisher.publish({ topicArn: targetArn, text: body, subject: undefined, structure: undefined, attributes: {} });
  };
  return { queues, topics, publisher, bus: createEventBus({ authorizer, logger, deliver }) };
}
type Messages = ReturnType<typeof createMessages>;

type Shared = AccountDeps &
  Identity &
  Messages & {
    readonly alarms: ReturnType<typeof createAlarms>;
    readonly secrets: ReturnType<typeof createSecrets>;
    readonly clusters: ReturnType<typeof createKafkaClusters>;
    readonly front: Awaited<ReturnType<typeof createS3Front>>;
    readonly endpoint: () => string;
  };

const providersOf = (shared: Shared): readonly ResourceProvider[] => [
  createIamProvider({ ...shared, rolePrefix: shared.prefix }),
  createS3Provider(shared),
  createKmsProvider(shared),
  createSnsProvider(shared),
  createSqsProvider(shared),
  createEventBridgeProvider(shared),
  createAlarmProvider(shared),
  createSecretsManagerProvider({ secrets: shared.secrets, prefix: shared.prefix }),
  createKafkaProvider({ ...shared, connect: connectTopicAdmin }),
];
