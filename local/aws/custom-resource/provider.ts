import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { arn } from "../account.ts";
import type { LambdaRuntime } from "../lambda/runtime.ts";
import type { RealisedResource, ResolvedResource, ResourceProvider } from "../resource.ts";
import { AwsError } from "../service.ts";
import type { Clock } from "../unit.ts";
import type { CustomResourceResponse, ResponseServer } from "./response-server.ts";

export type CustomResourceDeps = {
  readonly stateDir: string;
  readonly stackName: string;
  readonly lambda: Pick<LambdaRuntime, "invoke">;
  readonly responses: ResponseServer;
  readonly clock: Clock;
};

/** CloudFormation waits an hour unless ServiceTimeout says less. */
const defaultTimeoutSeconds = 3600;

const memorySchema = z.object({
  fingerprint: z.string(),
  physicalId: z.string(),
  properties: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.unknown()),
});
type Memory = z.infer<typeof memorySchema>;

/**
 * Realises `Custom::*` by calling its function as CloudFormation does and waiting for its answer. Unchanged properties
 * call nothing, changed ones send an Update. Throws with the function's own reason when it fails.
 */
export function createCustomResourceProvider(deps: CustomResourceDeps): ResourceProvider {
  return {
    types: ["Custom::*", "AWS::CloudFormation::CustomResource"],
    create: async (resource) => {
      const file = path.join(deps.stateDir, "runtime", "custom-resource", `${resource.logicalId}.json`);
      const known = existsSync(file) ? memorySchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
      const fingerprint = createHash("sha256").update(JSON.stringify(resource.properties)).digest("hex");
      if (known?.fingerprint === fingerprint) return realised(known);
      const response = await request(resource, known, deps);
      const { PhysicalResourceId: physicalId, Data: data = {} } = response;
      const memory = { fingerprint, physicalId, properties: { ...resource.properties }, data };
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, JSON.stringify(memory));
      renameSync(`${file}.new`, file);
      return realised(memory);
    },
  };
}

const realised = ({ physicalId, data }: Memory): RealisedResource => ({ ref: physicalId, attributes: data });

async function request(
  resource: ResolvedResource,
  known: Memory | undefined,
  deps: CustomResourceDeps,
): Promise<CustomResourceResponse> {
  const token = resource.properties["ServiceToken"];
  if (typeof token !== "string" || !token.includes(":lambda:")) {
    throw new AwsError("ValidationError", `${resource.logicalId}: ServiceToken is not the ARN of a function`);
  }
  const expected = deps.responses.expect();
  const event = eventOf(resource, known, deps.stackName, expected.url);
  const seconds = Number(resource.properties["ServiceTimeout"] ?? defaultTimeoutSeconds);
  let cancel: () => void = () => {};
  const timeout = new Promise<never>((_, reject) => {
    cancel = deps.clock.after(seconds * 1000, () => reject(new Error(`no answer within ${seconds} s`)));
  });
  // A rejection after the race is over must not end the process.
  timeout.catch(() => {});
  expected.answer.catch(() => {});
  const failure = invoke(token, JSON.stringify(event), deps);
  failure.catch(() => {});
  try {
    const response = await Promise.race([expected.answer, timeout, failure]);
    if (response.RequestId !== event.RequestId || response.LogicalResourceId !== resource.logicalId) {
      throw new Error("the answer belongs to another request");
    }
    if (response.Status === "FAILED") throw new Error(response.Reason ?? "the function gave no reason");
    return response;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError("CustomResourceFailed", `${resource.logicalId} (${resource.type}) failed: ${reason}`);
  } finally {
    cancel();
    expected.forget();
  }
}

/**
 * Pending for as long as the function may still answer. AWS would try an error again, with minutes in between; a person
 * who waits for the start is better served by the error.
 */
async function invoke(functionArn: string, payload: string, { lambda }: CustomResourceDeps): Promise<never> {
  const result = await lambda.invoke(functionArn, payload);
  if (result.functionError === undefined) return new Promise(() => {});
  throw new Error(`the function ended with an error: ${result.payload}`);
}

function eventOf(resource: ResolvedResource, known: Memory | undefined, stackName: string, url: string) {
  const change =
    known === undefined
      ? { RequestType: "Create" }
      : {
          RequestType: "Update",
          PhysicalResourceId: known.physicalId,
          OldResourceProperties: asText(known.properties),
        };
  return {
    ...change,
    ServiceToken: resource.properties["ServiceToken"],
    ResponseURL: url,
    StackId: arn("cloudformation", `stack/${stackName}/local`),
    RequestId: randomUUID(),
    ResourceType: resource.type,
    LogicalResourceId: resource.logicalId,
    ResourceProperties: asText(resource.properties),
  };
}

/** CloudFormation sends each number and truth value as text. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asText(inner)]));
  }
  return String(value);
}
