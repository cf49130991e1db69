import { z } from "zod";
import { arn } from "../account.ts";
import type { ResolvedResource } from "../resource.ts";
import { AwsError } from "../service.ts";

const number = z.coerce.number();

/** The properties of AWS::Lambda::Function that mean something on one machine; others are accepted and not used. */
const functionProperties = z.object({
  FunctionName: z.string().optional(),
  Handler: z.string(),
  Runtime: z.string(),
  Role: z.string(),
  MemorySize: number.int().min(128).max(10_240).default(128),
  Timeout: number.int().min(1).max(900).default(3),
  ReservedConcurrentExecutions: number.int().nonnegative().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  Code: z.record(z.string(), z.unknown()),
  LoggingConfig: z.object({ LogGroup: z.string().optional() }).optional(),
  VpcConfig: z.record(z.string(), z.unknown()).optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).optional(),
});

export type FunctionConfig = {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  readonly runtime: string;
  readonly roleArn: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly reservedConcurrency: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
  readonly isInVpc: boolean;
  readonly code: Readonly<Record<string, unknown>>;
};

/** AWS's limit on all variables of a function together. */
const maxEnvironmentBytes = 4096;
/** The runtime this machine has; anything else would be a lie. */
const supportedRuntime = "nodejs24.x";

export const functionArn = (name: string): string => arn("lambda", `function:${name}`);

/** Reads one function of the template. Throws InvalidParameterValueException as Lambda would. */
export function readFunctionConfig(resource: ResolvedResource): FunctionConfig {
  const parsed = functionProperties.safeParse(resource.properties);
  if (!parsed.success) throw refuse(`${resource.logicalId}: ${z.prettifyError(parsed.error)}`);
  const given = parsed.data;
  const environment = given.Environment?.Variables ?? {};
  const name = given.FunctionName ?? resource.logicalId;
  if (given.Runtime !== supportedRuntime) throw refuse(`${name}: runtime ${given.Runtime} is not ${supportedRuntime}`);
  if (Buffer.byteLength(JSON.stringify(environment)) > maxEnvironmentBytes) {
    throw refuse(`${name}: environment variables exceed ${maxEnvironmentBytes} bytes`);
  }
  const reserved = Object.keys(environment).find((key) => /^(AWS_(REGION|ACCESS|SECRET|SESSION|LAMBDA)|_)/.test(key));
  if (reserved !== undefined) throw refuse(`${name}: Lambda reserves the environment variable ${reserved}`);
  return {
    logicalId: resource.logicalId,
    name,
    arn: functionArn(name),
    handler: given.Handler,
    runtime: given.Runtime,
    roleArn: given.Role,
    memoryMb: given.MemorySize,
    timeoutMs: given.Timeout * 1000,
    reservedConcurrency: given.ReservedConcurrentExecutions,
    environment,
    logGroup: given.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`,
    isInVpc: given.VpcConfig !== undefined,
    code: given.Code,
  };
}

const refuse = (message: string): AwsError => new AwsError("InvalidParameterValueException", message);
