import { createEventBus } from "../aws/eventbridge/event-bus.ts";
import { createEventBridgeProvider } from "../aws/eventbridge/provider.ts";
import { createEventBridgeService } from "../aws/eventbridge/service.ts";
import type { Facade } from "../aws/facade/facade.ts";
import type { AsyncQueue } from "../aws/lambda/async-queue.ts";
import { createSecretsManagerProvider } from "../aws/secrets-manager/provider.ts";
import { createSecrets } from "../aws/secrets-manager/secrets.ts";
import { createSecretsManagerService } from "../aws/secrets-manager/service.ts";
import { createSnsProvider } from "../aws/sns/provider.ts";
import { createPublisher } from "../aws/sns/publisher.ts";
import { createSnsService } from "../aws/sns/service.ts";
import { createTopics } from "../aws/sns/topics.ts";
import { createSqsProvider } from "../aws/sqs/provider.ts";
import { createQueues } from "../aws/sqs/queues.ts";
import { createSqsService } from "../aws/sqs/service.ts";
import type { CloudOptions } from "./cloud-options.ts";
import type { Iam } from "./create-iam.ts";

/** Queues, topics, rules and secrets. Functions come later: whoever invokes one asks `bind`'s. */
export function createMessaging({ stateDir, stackName, logger }: CloudOptions, iam: Iam, facade: Facade) {
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

export type Messaging = ReturnType<typeof createMessaging>;
