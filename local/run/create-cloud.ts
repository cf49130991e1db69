import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Logger } from "../../lib/platform/logger.ts";
import type { AthenaFaults } from "../aws/athena/faults.ts";
import { createQueryRoom, type QueryRoom } from "../aws/athena/room.ts";
import { createAlarmProvider, createAlarms } from "../aws/cloudwatch/alarms.ts";
import { ingestLogLine } from "../aws/cloudwatch/emf.ts";
import { keepMetrics } from "../aws/cloudwatch/metric-file.ts";
import { createMetricStore, type MetricStore, statisticsOf } from "../aws/cloudwatch/metric-store.ts";
import { createCloudWatchService } from "../aws/cloudwatch/service.ts";
import { createCustomResourceProvider } from "../aws/custom-resource/provider.ts";
import { startResponseServer } from "../aws/custom-resource/response-server.ts";
import { createEcsProvider } from "../aws/ecs/provider.ts";
import { createEcsRuntime, type EcsRuntime, type EcsRuntimeDeps } from "../aws/ecs/runtime.ts";
import { createEcsService } from "../aws/ecs/service.ts";
import { createJobRunner, type JobRunner } from "../aws/emr-serverless/job-runner.ts";
import { createEmrServerlessProvider } from "../aws/emr-serverless/provider.ts";
import { createEmrServerlessService } from "../aws/emr-serverless/service.ts";
import type { SparkHome } from "../aws/emr-serverless/spark-command.ts";
import type { MetricDatum } from "../aws/event-source-mapping/counters.ts";
import { kafkaConsumers } from "../aws/event-source-mapping/kafkajs-consumer.ts";
import { createMappings, type Mappings } from "../aws/event-source-mapping/mappings.ts";
import { createEventSourceMappingProvider } from "../aws/event-source-mapping/provider.ts";
import { createEventBus, type EventBus } from "../aws/eventbridge/event-bus.ts";
import { createEventBridgeProvider } from "../aws/eventbridge/provider.ts";
import { createEventBridgeService } from "../aws/eventbridge/service.ts";
import { createFacade, type Facade } from "../aws/facade/facade.ts";
import { createPrincipals } from "../aws/facade/principals.ts";
import { createAuthorizer, type IamAuthorizer } from "../aws/iam/authorizer.ts";
import { createIamProvider } from "../aws/iam/provider.ts";
import { createResourcePolicies } from "../aws/iam/resource-policies.ts";
import { createRoles } from "../aws/iam/roles.ts";
import { connectTopicAdmin } from "../aws/kafka/admin.ts";
import { createKafkaClusters } from "../aws/kafka/clusters.ts";
import { createKafkaProvider } from "../aws/kafka/provider.ts";
import { createKafkaService } from "../aws/kafka/service.ts";
import { createKmsProvider } from "../aws/kms/provider.ts";
import { type AsyncQueue, createAsyncQueue } from "../aws/lambda/async-queue.ts";
import { createLambdaProvider } from "../aws/lambda/provider.ts";
import { createLambdaRuntime, type LambdaRuntime } from "../aws/lambda/runtime.ts";
import { createLambdaService } from "../aws/lambda/service.ts";
import type { ResourceProvider } from "../aws/resource.ts";
import type { S3Hooks } from "../aws/s3/faults.ts";
import { createS3Front } from "../aws/s3/front.ts";
import { createS3Provider } from "../aws/s3/provider.ts";
import { createSchedulerProvider } from "../aws/scheduler/provider.ts";
import { createScheduler, type Scheduler } from "../aws/scheduler/scheduler.ts";
import { createSchedulerService } from "../aws/scheduler/service.ts";
import { createSecretsManagerProvider } from "../aws/secrets-manager/provider.ts";
import { createSecrets } from "../aws/secrets-manager/secrets.ts";
import { createSecretsManagerService } from "../aws/secrets-manager/service.ts";
import type { Principal } from "../aws/service.ts";
import { createSnsProvider } from "../aws/sns/provider.ts";
import { createPublisher } from "../aws/sns/publisher.ts";
import { createSnsService } from "../aws/sns/service.ts";
import { createTopics } from "../aws/sns/topics.ts";
import { createSqsProvider } from "../aws/sqs/provider.ts";
import { createQueues } from "../aws/sqs/queues.ts";
import { createSqsService } from "../aws/sqs/service.ts";
import { createStsService } from "../aws/sts/service.ts";
import { type AssumeRole, createClock, type EnvironmentFor } from "../aws/unit.ts";
import type { RunningEngines } from "../engines/start-engines.ts";
import { createDeliverTo, s3ClientOf } from "./deliver.ts";

export type CloudOptions = {
  readonly stackName: string;
  readonly stateDir: string;
  readonly engines: Pick<RunningEngines, "s3" | "catalog" | "kafka" | "trino">;
  readonly spark: SparkHome;
  /** Zip of a function by its logical id. */
  readonly zipOf: (logicalId: string) => string;
  readonly shimBundle: string;
  readonly shimOverrides: EcsRuntimeDeps["overridesFor"];
  readonly onShimLine: (line: string) => void;
  readonly onProblem: (problem: string) => void;
  readonly logger: Logger;
  readonly faults?: { readonly athena?: AthenaFaults; readonly s3?: S3Hooks };
};

/** The AWS services of one machine, wired to each other and to the engines. */
export type Cloud = {
  readonly providers: readonly ResourceProvider[];
  readonly facade: Facade;
  readonly authorizer: IamAuthorizer;
  readonly lambda: LambdaRuntime;
  readonly asyncQueue: AsyncQueue;
  readonly mappings: Mappings;
  readonly jobs: JobRunner;
  readonly ecs: EcsRuntime;
  readonly scheduler: Scheduler;
  readonly queries: QueryRoom;
  readonly metrics: MetricStore;
  /** Variables for AWS clients of the person at the keyboard. */
  readonly operatorEnvironment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

const operator: Principal = { arn: "arn:aws:iam::000000000000:user/operator", roleId: "operator" };
/** What is in flight at a stop has this long; what does not make it is delivered again at the next start. */
const stopGraceMs = 20_000;

/** Makes the services; the template's resources come into being through their providers. */
export async function createCloud(options: CloudOptions): Promise<Cloud> {
  const iam = createIam();
  const store = createMetricStore();
  const metricFile = await keepMetrics(store, options.stateDir, options.logger);
  const front = await createS3Front({
    s3MockUrl: options.engines.s3.endpoint,
    ...iam,
    logger: options.logger,
    ...(options.faults?.s3 ? { hooks: options.faults.s3 } : {}),
  });
  const queries = createQueries(options, iam.authorizer);
  const facade = await createFacade({
    services: [queries.athena, queries.glue, createStsService()],
    ...iam,
    logger: options.logger,
    otherEndpoints: { s3: front.url },
  });
  const messaging = createMessaging(options, iam, facade);
  const compute = createCompute(options, iam, facade, store, messaging);
  messaging.bind(compute);
  const responses = await startResponseServer();
  const alarms = createAlarms();
  const clusters = compute.clusters;
  const inVpc = ({ roleId }: Principal): boolean => compute.vpcRoles.has(roleId);
  for (const service of [
    ...messaging.services,
    ...compute.services,
    createCloudWatchService({ store, alarms }),
    createKafkaService({ clusters, inVpc }),
  ]) {
    facade.add(service);
  }
  const prefix = options.stackName;
  const invokeLambda = messaging.invokeLambda;
  const { providers, services: _, ...handles } = compute;
  return {
    providers: [
      ...queries.providers,
      ...messaging.providers,
      ...providers,
      createIamProvider({ ...iam, rolePrefix: prefix }),
      createKmsProvider(iam),
      createAlarmProvider({ alarms, prefix }),
      createS3Provider({ s3MockUrl: options.engines.s3.endpoint, front, ...iam, invokeLambda, prefix }),
      createKafkaProvider({
        clusters,
        brokers: options.engines.kafka.brokers,
        connect: connectTopicAdmin,
        logger: options.logger,
      }),
      createCustomResourceProvider({
        stateDir: options.stateDir,
        stackName: options.stackName,
        lambda: compute.lambda,
        responses,
        clock: compute.clock,
      }),
    ],
    facade,
    authorizer: iam.authorizer,
    ...handles,
    queries,
    metrics: store,
    operatorEnvironment: facade.environment(operator),
    stop: async () => {
      compute.scheduler.stop();
      await compute.ecs.stop();
      await compute.mappings.stop(stopGraceMs);
      compute.asyncQueue.stop();
      await compute.jobs.stop();
      await compute.lambda.stop();
      await Promise.all([messaging.publisher.drained(), messaging.bus.drained(), queries.athena.idle()]);
      keepCalls(options.stateDir, iam.authorizer);
      await Promise.all([metricFile.close(), responses.close(), facade.close(), front.close()]);
    },
  };
}

/** Every AWS call of the run and whether its role allowed it: what the least-privilege test and a curious person read. */
function keepCalls(stateDir: string, authorizer: IamAuthorizer): void {
  const folder = path.join(stateDir, "runtime", "iam");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "calls.json"), JSON.stringify(authorizer.calls(), null, 1));
}

type Iam = ReturnType<typeof createIam>;

function createIam() {
  const principals = createPrincipals();
  const roles = createRoles();
  const resourcePolicies = createResourcePolicies();
  const authorizer = createAuthorizer({ roles, resourcePolicies });
  return { principals, roles, resourcePolicies, authorizer };
}

function createQueries({ stateDir, engines, logger, faults }: CloudOptions, authorizer: IamAuthorizer): QueryRoom {
  return createQueryRoom({
    stateDir,
    trinoUrl: engines.trino.url,
    catalogUrl: engines.catalog.uri,
    s3: engines.s3,
    authorizer,
    logger,
    ...(faults?.athena ? { faults: faults.athena } : {}),
  });
}

/** Queues, topics, rules and secrets. Functions come later: whoever invokes one asks `bind`'s. */
function createMessaging({ stateDir, stackName, logger }: CloudOptions, iam: Iam, facade: Facade) {
  let functions: { readonly asyncQueue: AsyncQueue } | undefined;
  const invokeLambda = async (functionArn: string, event: unknown): Promise<void> => {
    functions?.asyncQueue.enqueue(functionArn, typeof event === "string" ? event : JSON.stringify(event));
  };
  const queues = createQueues({ stateDir });
  const topics = createTopics();
  const secrets = createSecrets({ stateDir });
  const sendToQueue = async (queueArn: string, body: string): Promise<void> => void (await queues.send(queueArn, body));
  const { authorizer, resourcePolicies } = iam;
  const publisher = createPublisher({ topics, stateDir, authorizer, sendToQueue, invokeLambda, logger });
  const deliver = async (targetArn: string, body: string): Promise<void> => {
    const service = targetArn.split(":")[2];
    if (service === "lambda") await invokeLambda(targetArn, body);
    else if (service === "sqs") await sendToQueue(targetArn, body);
    else
      publisher.publish({ topicArn: targetArn, text: body, subject: undefined, structure: undefined, attributes: {} });
  };
  const bus = createEventBus({ authorizer, deliver, logger });
  const endpoint = (): string => facade.url("sqs");
  const prefix = stackName;
  return {
    queues,
    topics,
    publisher,
    bus,
    invokeLambda,
    bind: (made: { readonly asyncQueue: AsyncQueue }) => {
      functions = made;
    },
    services: [
      createSqsService({ queues, endpoint }),
      createSnsService({ topics, publisher }),
      createEventBridgeService({ bus }),
      createSecretsManagerService({ secrets }),
    ],
    providers: [
      createSqsProvider({ queues, resourcePolicies, endpoint, prefix }),
      createSnsProvider({ topics, resourcePolicies, prefix }),
      createEventBridgeProvider({ bus, prefix }),
      createSecretsManagerProvider({ secrets, prefix }),
    ],
  };
}

type Messaging = ReturnType<typeof createMessaging>;

/** Functions, mappings, tasks, jobs and schedules. */
function createCompute(options: CloudOptions, iam: Iam, facade: Facade, store: MetricStore, messaging: Messaging) {
  const { stateDir, engines, logger } = options;
  const clock = createClock();
  const { authorizer } = iam;
  const vpcRoles = new Set<string>();
  const assumeRole: AssumeRole = async (service, roleArn, context) => {
    const principal = await authorizer.checkTrust(roleArn, service, {
      "aws:SourceAccount": "000000000000",
      ...context,
    });
    // Of all units only tasks have a network configuration in this stack; functions stand outside the VPC.
    if (service === "ecs-tasks.amazonaws.com") vpcRoles.add(principal.roleId);
    return principal;
  };
  const environmentFor: EnvironmentFor = (principal) => facade.environment(principal);
  const deliver = createDeliverTo({
    authorizer,
    topics: messaging.topics,
    queues: messaging.queues,
    publisher: messaging.publisher,
    environmentFor,
  });
  const onLine = (line: string): void => void ingestLogLine(store, line);
  const lambda = createLambdaRuntime({ stateDir, assumeRole, environmentFor, onLogLine: ({ line }) => onLine(line) });
  const asyncQueue = createAsyncQueue({
    stateDir,
    lambda,
    clock,
    deliver,
    onDropped: (name, requestId, reason) => options.onProblem(`${name} dropped event ${requestId}: ${reason}`),
  });
  const clusters = createKafkaClusters();
  const mappings = createMappings({
    stateDir,
    lambda,
    authorizer,
    createConsumer: kafkaConsumers(() => engines.kafka.brokers),
    bootstrapServers: (clusterArn) => clusters.find(clusterArn)?.brokers.join(",") ?? "",
    queue: messaging.queues,
    deliver,
    clock,
    onMetrics: (data) => recordMetrics(store, data, clock.now()),
  });
  const jobs = createJobs(options, { assumeRole, environmentFor, clock, bus: messaging.bus });
  const ecs = createEcsRuntime({
    stateDir,
    clock,
    assumeRole,
    environmentFor,
    bundleFor: () => options.shimBundle,
    overridesFor: options.shimOverrides,
    onLogLine: ({ line }) => {
      onLine(line);
      options.onShimLine(line);
    },
  });
  const scheduler = createScheduler({
    clock,
    assumeRole,
    authorizer,
    invokeAsync: (functionArn, payload) => asyncQueue.enqueue(functionArn, payload),
    deliver,
    onProblem: (schedule, reason) => {
      logger.warn("schedule-problem", { schedule, reason });
      options.onProblem(`schedule ${schedule}: ${reason}`);
    },
  });
  return {
    clock,
    vpcRoles,
    clusters,
    lambda,
    asyncQueue,
    mappings,
    jobs,
    ecs,
    scheduler,
    services: [
      createLambdaService({ lambda, queue: asyncQueue, mappings }),
      createEmrServerlessService(jobs),
      createEcsService(ecs),
      createSchedulerService(scheduler),
    ],
    providers: [
      createLambdaProvider({ lambda, queue: asyncQueue, zipFor: (_, logicalId) => options.zipOf(logicalId) }),
      createEventSourceMappingProvider(mappings),
      createEmrServerlessProvider(jobs),
      createEcsProvider(ecs),
      createSchedulerProvider(scheduler),
    ],
  };
}

type JobDeps = {
  readonly assumeRole: AssumeRole;
  readonly environmentFor: EnvironmentFor;
  readonly clock: ReturnType<typeof createClock>;
  readonly bus: EventBus;
};

function createJobs(options: CloudOptions, { assumeRole, environmentFor, clock, bus }: JobDeps): JobRunner {
  return createJobRunner({
    stateDir: options.stateDir,
    spark: options.spark,
    assumeRole,
    clock,
    environmentFor,
    // Through the S3 front with the job role's own key: what the job may do with S3 is asked of IAM call by call.
    lakeFor: (principal) => {
      const environment = environmentFor(principal);
      return {
        catalogUri: options.engines.catalog.uri,
        s3Endpoint: environment["AWS_ENDPOINT_URL_S3"] ?? "",
        accessKeyId: environment["AWS_ACCESS_KEY_ID"] ?? "",
        secretAccessKey: environment["AWS_SECRET_ACCESS_KEY"] ?? "",
      };
    },
    getObject: async (principal, bucket, key) => {
      const s3 = s3ClientOf(environmentFor(principal));
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      s3.destroy();
      return bytes;
    },
    onStateChange: ({ source, "detail-type": detailType, detail, resources, time }) =>
      void bus.publish({ source, detailType, detail, resources, time: new Date(time) }),
  });
}

function recordMetrics(store: MetricStore, data: readonly MetricDatum[], nowMs: number): void {
  for (const { namespace, name, dimensions, value, unit } of data) {
    const values = statisticsOf([value]);
    if (values) store.record({ namespace, name, dimensions }, nowMs, values, unit);
  }
}
