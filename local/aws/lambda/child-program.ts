// Runs inside a function's child: loads the handler of the unpacked zip and calls it, one invocation at a time, as
// AWS's Node 24 runtime does. It sees the function's environment only and must not import anything of the project
// but types.
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import type { ErrorPayload, FromChild, ToChild } from "./child-protocol.ts";

type Handler = (event: unknown, context: unknown) => unknown;

let currentRequestId = "";

const send = (message: FromChild): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));

/** Lambda prefixes console lines in text format; lines written to process.stdout stay as they are. */
function prefixConsole(): void {
  const levels = { log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", debug: "DEBUG", trace: "TRACE" } as const;
  for (const [method, level] of Object.entries(levels)) {
    const write = (...values: unknown[]): void => {
      process.stdout.write(`${new Date().toISOString()}\t${currentRequestId}\t${level}\t${format(...values)}\n`);
    };
    Object.defineProperty(console, method, { value: write });
  }
}

function describe(error: unknown): ErrorPayload {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

const initError = (errorType: string, error: unknown): ErrorPayload => ({
  errorType,
  errorMessage: String(error),
  trace: error instanceof Error ? (error.stack ?? "").split("\n") : [],
});

/** `handlers/a/handler.run` → file of `handlers/a/handler` and export `run`; undefined with the error sent. */
async function load(taskRoot: string, handlerName: string): Promise<Handler | ErrorPayload> {
  const dot = handlerName.indexOf(".", handlerName.lastIndexOf("/") + 1);
  const base = path.resolve(taskRoot, handlerName.slice(0, dot));
  const exportName = handlerName.slice(dot + 1);
  const file = [".mjs", ".js", ".cjs", ""].map((extension) => base + extension).find((name) => existsSync(name));
  if (dot < 0) return initError("Runtime.MalformedHandlerName", `Bad handler ${handlerName}`);
  if (file === undefined) return initError("Runtime.ImportModuleError", `Error: Cannot find module '${base}'`);
  try {
    const module: Record<string, unknown> = await import(pathToFileURL(file).href);
    const holder = exportName in module ? module : (module["default"] as Record<string, unknown> | undefined);
    const handler = holder?.[exportName];
    if (typeof handler !== "function") {
      return initError("Runtime.HandlerNotFound", `${handlerName} is undefined or not exported`);
    }
    if (handler.length >= 3) {
      return initError(
        "Runtime.CallbackHandlerDeprecated",
        "Lambda's Node 24 runtime has no callback handlers; return a promise instead",
      );
    }
    return handler as Handler; // checked above; its parameters are the contract of Lambda
  } catch (error) {
    if (error instanceof SyntaxError) return initError("Runtime.UserCodeSyntaxError", error);
    const isMissing = error instanceof Error && /MODULE_NOT_FOUND$/.test(String((error as { code?: unknown }).code));
    return isMissing ? initError("Runtime.ImportModuleError", error) : describe(error);
  }
}

function contextOf({ functionArn, requestId, deadlineMs }: ToChild): Record<string, unknown> {
  const name = process.env["AWS_LAMBDA_FUNCTION_NAME"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: process.env["AWS_LAMBDA_FUNCTION_VERSION"],
    invokedFunctionArn: functionArn,
    memoryLimitInMB: process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    logGroupName: process.env["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: process.env["AWS_LAMBDA_LOG_STREAM_NAME"],
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

async function endOutput(requestId: string): Promise<void> {
  const mark = `\u0000end-of-output ${requestId}\n`;
  process.stdout.write(mark);
  process.stderr.write(mark);
}

async function invoke(handler: Handler, message: ToChild): Promise<void> {
  const { requestId } = message;
  currentRequestId = requestId;
  let answer: FromChild;
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message));
    answer = { kind: "succeeded", requestId, payload: JSON.stringify(result) ?? "null" };
  } catch (error) {
    const shaped = describe(error);
    console.error("Invoke Error", JSON.stringify({ ...shaped, stack: shaped.trace }));
    answer = { kind: "failed", requestId, error: shaped };
  }
  await endOutput(requestId);
  await send(answer);
}

/** After an error nobody caught the process's state is unknown: report it against the invocation, then end. */
async function crash(error: ErrorPayload, exitCode: number): Promise<void> {
  process.stderr.write(`${JSON.stringify(error)}\n`);
  await endOutput(currentRequestId);
  await send({ kind: "crashed", error });
  process.exit(exitCode);
}

prefixConsole();
process.on("uncaughtException", (error) => void crash(describe(error), 129));
process.on("unhandledRejection", (reason) => {
  void crash(
    { ...initError("Runtime.UnhandledPromiseRejection", reason), trace: [...(describe(reason).trace ?? [])] },
    128,
  );
});
// The runtime is gone: nobody waits for an answer.
process.on("disconnect", () => process.exit(0));

const loaded = await load(process.env["LAMBDA_TASK_ROOT"] ?? ".", process.env["_HANDLER"] ?? "");
if (typeof loaded === "function") {
  process.on("message", (message: ToChild) => void invoke(loaded, message));
  await send({ kind: "ready" });
} else {
  process.stderr.write(`${JSON.stringify(loaded)}\n`);
  await send({ kind: "init-failed", error: loaded });
  process.exit(1);
}
