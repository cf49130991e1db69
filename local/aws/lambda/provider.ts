import { z } from "zod";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { AwsError } from "../service.ts";
import { type AsyncQueue, defaultAsyncConfig } from "./async-queue.ts";
import { readFunctionConfig } from "./function-config.ts";
import { functionNameOf, type LambdaRuntime } from "./runtime.ts";

export type LambdaProviderDeps = {
  readonly lambda: LambdaRuntime;
  readonly queue: AsyncQueue;
  /** Path of the packaged zip of a function's `Code` ({S3Bucket, S3Key}). */
  readonly zipFor: (code: Readonly<Record<string, unknown>>, logicalId: string) => string;
};

const eventInvokeConfig = z.object({
  FunctionName: z.string(),
  Qualifier: z.string().optional(),
  MaximumRetryAttempts: z.coerce.number().int().min(0).max(2).default(defaultAsyncConfig.maximumRetryAttempts),
  MaximumEventAgeInSeconds: z.coerce.number().int().min(60).max(21_600).default(21_600),
  DestinationConfig: z
    .object({ OnFailure: z.object({ Destination: z.string() }).optional(), OnSuccess: z.unknown().optional() })
    .optional(),
});

/** Realises functions and how they are invoked asynchronously. Versions have nothing to run: $LATEST is what is called. */
export function createLambdaProvider(deps: LambdaProviderDeps): ResourceProvider {
  return {
    types: ["AWS::Lambda::Function", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Version"],
    create: async (resource) => {
      if (resource.type === "AWS::Lambda::Function") return createFunction(resource, deps);
      if (resource.type === "AWS::Lambda::EventInvokeConfig") return createInvokeConfig(resource, deps);
      const ref = `${deps.lambda.find(String(resource.properties["FunctionName"])).arn}:$LATEST`;
      return { ref, attributes: { FunctionArn: ref, Version: "$LATEST" } };
    },
  };
}

async function createFunction(resource: ResolvedResource, deps: LambdaProviderDeps): Promise<RealisedResource> {
  const config = readFunctionConfig(resource);
  await deps.lambda.deploy(config, deps.zipFor(config.code, resource.logicalId));
  return { ref: config.name, attributes: { Arn: config.arn } };
}

function createInvokeConfig(resource: ResolvedResource, { queue, lambda }: LambdaProviderDeps): RealisedResource {
  const parsed = eventInvokeConfig.safeParse(resource.properties);
  if (!parsed.success) {
    throw new AwsError("InvalidParameterValueException", `${resource.logicalId}: ${z.prettifyError(parsed.error)}`);
  }
  const given = parsed.data;
  if (given.DestinationConfig?.OnSuccess !== undefined) {
    throw new AwsError("InvalidParameterValueException", `${resource.logicalId}: OnSuccess has no local counterpart`);
  }
  const { name } = lambda.find(functionNameOf(given.FunctionName));
  queue.configure(name, {
    maximumRetryAttempts: given.MaximumRetryAttempts,
    maximumEventAgeMs: given.MaximumEventAgeInSeconds * 1000,
    onFailureArn: given.DestinationConfig?.OnFailure?.Destination,
  });
  return { ref: resource.logicalId, attributes: {} };
}
