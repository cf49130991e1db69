import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createQueryRoom, type QueryRoom } from "../aws/athena/room.ts";
import { createAlarmProvider, createAlarms } from "../aws/cloudwatch/alarms.ts";
import { keepMetrics } from "../aws/cloudwatch/metric-file.ts";
import { createMetricStore, type MetricStore } from "../aws/cloudwatch/metric-store.ts";
import { createCloudWatchService } from "../aws/cloudwatch/service.ts";
import { createCustomResourceProvider } from "../aws/custom-resource/provider.ts";
import { startResponseServer } from "../aws/custom-resource/response-server.ts";
import type { EcsRuntime } from "../aws/ecs/runtime.ts";
import type { JobRunner } from "../aws/emr-serverless/job-runner.ts";
import type { Mappings } from "../aws/event-source-mapping/mappings.ts";
import { createFacade, type Facade } from "../aws/facade/facade.ts";
import type { IamAuthorizer } from "../aws/iam/authorizer.ts";
import { createIamProvider } from "../aws/iam/provider.ts";
import { connectTopicAdmin } from "../aws/kafka/admin.ts";
import { createKafkaProvider } from "../aws/kafka/provider.ts";
import { createKafkaService } from "../aws/kafka/service.ts";
import { createKmsProvider } from "../aws/kms/provider.ts";
import type { AsyncQueue } from "../aws/lambda/async-queue.ts";
import type { LambdaRuntime } from "../aws/lambda/runtime.ts";
import type { ResourceProvider } from "../aws/resource.ts";
import { createS3Front } from "../aws/s3/front.ts";
import { createS3Provider } from "../aws/s3/provider.ts";
import type { Scheduler } from "../aws/scheduler/scheduler.ts";
import type { Principal } from "../aws/service.ts";
import { createStsService } from "../aws/sts/service.ts";
import type { CloudOptions } from "./cloud-options.ts";
import { createCompute } from "./create-compute.ts";
import { createIam } from "./create-iam.ts";
import { createMessaging } from "./create-messaging.ts";

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
