import { z } from "zod";
import { AwsError, type AwsRequest, type AwsResponse, type AwsService, type Permission } from "../service.ts";
import type { AsyncQueue } from "./async-queue.ts";
import type { FunctionConfig } from "./function-config.ts";
import type { LambdaRuntime } from "./runtime.ts";

/** The event-source mappings, as far as Lambda's API shows and changes them. */
export type MappingControl = {
  /** AWS's description of one; throws ResourceNotFoundException. */
  describe(uuid: string): Readonly<Record<string, unknown>>;
  list(functionArn: string | undefined): readonly Readonly<Record<string, unknown>>[];
  setEnabled(uuid: string, isEnabled: boolean): Promise<void>;
};

export type LambdaServiceDeps = {
  readonly lambda: LambdaRuntime;
  readonly queue: AsyncQueue;
  readonly mappings: MappingControl;
};

const routes = [
  {
    method: "POST",
    path: "/2015-03-31/functions/{FunctionName}/invocations",
    operation: "Invoke",
    payload: "Payload",
    headers: { InvocationType: "x-amz-invocation-type" },
  },
  { method: "GET", path: "/2015-03-31/functions/{FunctionName}/configuration", operation: "GetFunctionConfiguration" },
  { method: "GET", path: "/2015-03-31/functions/{FunctionName}", operation: "GetFunction" },
  { method: "GET", path: "/2015-03-31/event-source-mappings/{UUID}", operation: "GetEventSourceMapping" },
  { method: "PUT", path: "/2015-03-31/event-source-mappings/{UUID}", operation: "UpdateEventSourceMapping" },
  { method: "GET", path: "/2015-03-31/event-source-mappings", operation: "ListEventSourceMappings" },
] as const;

/** Lambda's API. `Invoke` takes `InvocationType` and `Payload` (bytes) and answers raw bytes, as REST has them. */
export function createLambdaService(deps: LambdaServiceDeps): AwsService {
  return {
    name: "lambda",
    protocol: "rest-json",
    routes,
    permissions: (request) => permissionsOf(request, deps),
    handle: async (request) => {
      switch (request.operation) {
        case "Invoke":
          return invoke(request, deps);
        case "GetFunction":
          return { body: { Configuration: describe(deps.lambda.find(text(request, "FunctionName"))) } };
        case "GetFunctionConfiguration":
          return { body: describe(deps.lambda.find(text(request, "FunctionName"))) };
        case "GetEventSourceMapping":
          return { body: deps.mappings.describe(text(request, "UUID")) };
        case "ListEventSourceMappings":
          return { body: { EventSourceMappings: listed(request, deps) } };
        case "UpdateEventSourceMapping":
          return update(request, deps);
        default:
          throw new AwsError("UnknownOperationException", `lambda ${request.operation} has no local counterpart`, 404);
      }
    },
  };
}

function permissionsOf(request: AwsRequest, deps: LambdaServiceDeps): readonly Permission[] {
  const { operation } = request;
  if (operation === "Invoke") return [{ action: "lambda:InvokeFunction", resource: arnIn(request, deps) }];
  if (operation === "ListEventSourceMappings") return [{ action: "lambda:ListEventSourceMappings", resource: "*" }];
  if (operation.endsWith("EventSourceMapping")) {
    const mapping = deps.mappings.describe(text(request, "UUID"));
    return [{ action: `lambda:${operation}`, resource: String(mapping["EventSourceMappingArn"]) }];
  }
  return [{ action: `lambda:${operation}`, resource: arnIn(request, deps) }];
}

const arnIn = (request: AwsRequest, { lambda }: LambdaServiceDeps): string =>
  lambda.find(text(request, "FunctionName")).arn;

async function invoke(request: AwsRequest, { lambda, queue }: LambdaServiceDeps): Promise<AwsResponse> {
  const name = text(request, "FunctionName");
  const payload = payloadOf(request.input["Payload"]);
  const type = request.input["InvocationType"] ?? "RequestResponse";
  lambda.find(name);
  if (type === "DryRun") return { status: 204, body: undefined };
  if (type === "Event") {
    queue.enqueue(name, payload);
    return { status: 202, body: new Uint8Array() };
  }
  const result = await lambda.invoke(name, payload);
  const error = result.functionError === undefined ? {} : { "x-amz-function-error": result.functionError };
  const body = new TextEncoder().encode(result.payload);
  return { status: 200, headers: { "x-amz-executed-version": "$LATEST", ...error }, body };
}

function payloadOf(payload: unknown): string {
  if (payload === undefined || payload === "") return "{}";
  if (typeof payload === "string") return payload;
  return payload instanceof Uint8Array ? new TextDecoder().decode(payload) || "{}" : JSON.stringify(payload);
}

function listed(request: AwsRequest, { lambda, mappings }: LambdaServiceDeps): readonly unknown[] {
  const name = request.input["FunctionName"];
  const source = request.input["EventSourceArn"];
  const all = mappings.list(typeof name === "string" ? lambda.find(name).arn : undefined);
  return source === undefined ? all : all.filter((mapping) => mapping["EventSourceArn"] === source);
}

async function update(request: AwsRequest, { mappings }: LambdaServiceDeps): Promise<AwsResponse> {
  const uuid = text(request, "UUID");
  const { UUID: _, ...changes } = request.input;
  const parsed = z.strictObject({ Enabled: z.boolean(), FunctionName: z.string().optional() }).safeParse(changes);
  if (!parsed.success) {
    throw new AwsError("InvalidParameterValueException", "only Enabled can be changed here; deploy other changes");
  }
  await mappings.setEnabled(uuid, parsed.data.Enabled);
  return { status: 202, body: mappings.describe(uuid) };
}

function describe(config: FunctionConfig): Readonly<Record<string, unknown>> {
  return {
    FunctionName: config.name,
    FunctionArn: config.arn,
    Runtime: config.runtime,
    Role: config.roleArn,
    Handler: config.handler,
    Timeout: config.timeoutMs / 1000,
    MemorySize: config.memoryMb,
    Version: "$LATEST",
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Environment: { Variables: config.environment },
    LoggingConfig: { LogFormat: "Text", LogGroup: config.logGroup },
  };
}

function text(request: AwsRequest, key: string): string {
  const value = request.input[key];
  if (typeof value === "string" && value !== "") return value;
  throw new AwsError("InvalidParameterValueException", `${key} is missing`);
}
