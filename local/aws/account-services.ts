import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
import { createFacade, type Facade } from "./facade/facade.ts";
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
import { createS3Front, type S3Front } from "./s3/front.ts";
import { createS3Provider } from "./s3/provider.ts";
import { createSecretsManagerProvider } from "./secrets-manager/provider.ts";
import { createSecrets } from "./secrets-manager/secrets.ts";
import { createSecretsManagerService } from "./secrets-manager/service.ts";
import type { AwsService, Principal } from "./service.ts";
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
  const messages = createMessages(deps, identity);
  const hooks = deps.s3Hooks ? { hooks: deps.s3Hooks } : {};
  const front = await createS3Front({ ...deps, ...identity, ...hooks });
  const facade = await createFacade({
    ...identity,
    services: [],
    logger: deps.logger,
    otherEndpoints: { s3: front.url },
  });
  const records = createRecords(deps);
  const metricFile = await keepMetrics(records.store, deps.stateDir, deps.logger);
  const shared = { ...deps, ...identity, ...messages, ...records, front, endpoint: () => facade.url("sqs") };
  for (const service of servicesOf(shared)) facade.add(service);
  const close = async (): Promise<void> => {
    await Promise.all([messages.publisher.drained(), messages.bus.drained()]);
    await facade.close();
    await front.close();
    await metricFile.close();
    await writeCalls(deps.stateDir, facade.calls());
  };
  return {
    ...identity,
    ...messages,
    ...records,
    ...unitPorts(shared, facade),
    front,
    facade,
    providers: providersOf(shared),
    close,
  };
}

function unitPorts(shared: Shared, facade: Facade) {
  const assumeRole: AssumeRole = (service, roleArn, context = {}) =>
    shared.authorizer.checkTrust(roleArn, service, context);
  const environmentFor: EnvironmentFor = facade.environment;
  return {
    assumeRole,
    environmentFor,
    deliverTo: createDeliverTo({ ...shared, s3Url: () => shared.front.url }),
    /** Takes metrics out of what a unit logs. */
    ingestLogLine: (line: string): number => ingestLogLine(shared.store, line),
  };
}

/** What the run asked of IAM, in `runtime/iam/calls.json` of the state folder: for whoever proves least privilege. */
async function writeCalls(stateDir: string, calls: ReturnType<Facade["calls"]>): Promise<void> {
  const folder = join(stateDir, "runtime", "iam");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "calls.json"), JSON.stringify(calls, null, 1));
}

function createRecords(deps: AccountDeps) {
  return {
    store: createMetricStore(),
    alarms: createAlarms(),
    secrets: createSecrets(deps),
    clusters: createKafkaClusters(),
  };
}

const servicesOf = (shared: Shared): readonly AwsService[] => [
  createSnsService(shared),
  createSqsService(shared),
  createEventBridgeService(shared),
  createCloudWatchService({ store: shared.store, alarms: shared.alarms }),
  createSecretsManagerService(shared),
  createKafkaService(shared),
  createStsService(),
];

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
  Messages &
  ReturnType<typeof createRecords> & { readonly front: S3Front; readonly endpoint: () => string };

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
