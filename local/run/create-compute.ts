import { GetObjectCommand } from "@aws-sdk/client-s3";
import { ingestLogLine } from "../aws/cloudwatch/emf.ts";
import { type MetricStore, statisticsOf } from "../aws/cloudwatch/metric-store.ts";
import { createEcsProvider } from "../aws/ecs/provider.ts";
import { createEcsRuntime } from "../aws/ecs/runtime.ts";
import { createEcsService } from "../aws/ecs/service.ts";
import { createJobRunner, type JobRunner } from "../aws/emr-serverless/job-runner.ts";
import { createEmrServerlessProvider } from "../aws/emr-serverless/provider.ts";
import { createEmrServerlessService } from "../aws/emr-serverless/service.ts";
import type { MetricDatum } from "../aws/event-source-mapping/counters.ts";
import { kafkaConsumers } from "../aws/event-source-mapping/kafkajs-consumer.ts";
import { createMappings } from "../aws/event-source-mapping/mappings.ts";
import { createEventSourceMappingProvider } from "../aws/event-source-mapping/provider.ts";
import type { EventBus } from "../aws/eventbridge/event-bus.ts";
import type { Facade } from "../aws/facade/facade.ts";
import { createKafkaClusters } from "../aws/kafka/clusters.ts";
import { createAsyncQueue } from "../aws/lambda/async-queue.ts";
import { createLambdaProvider } from "../aws/lambda/provider.ts";
import { createLambdaRuntime } from "../aws/lambda/runtime.ts";
import { createLambdaService } from "../aws/lambda/service.ts";
import { createSchedulerProvider } from "../aws/scheduler/provider.ts";
import { createScheduler } from "../aws/scheduler/scheduler.ts";
import { createSchedulerService } from "../aws/scheduler/service.ts";
import { type AssumeRole, createClock, type EnvironmentFor } from "../aws/unit.ts";
import type { CloudOptions } from "./cloud-options.ts";
import type { Iam } from "./create-iam.ts";
import type { Messaging } from "./create-messaging.ts";
import { createDeliverTo, s3ClientOf } from "./deliver.ts";

/** Functions, mappings, tasks, jobs and schedules. */
export function createCompute(
  options: CloudOptions,
  iam: Iam,
  facade: Facade,
  store: MetricStore,
  messaging: Messaging,
) {
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
