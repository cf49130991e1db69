import type { ErrorPayload } from "./child-protocol.ts";

/** Lambda's limit on a synchronous request and on a response, in bytes. */
export const maxSyncPayloadBytes = 6_291_556;
/** Lambda's limit on an asynchronous request, in bytes. */
export const maxAsyncPayloadBytes = 1_048_576;

/** How one invocation ended. `payload` is JSON text: the handler's answer, or Lambda's error object. */
export type InvocationResult = {
  readonly requestId: string;
  readonly functionError: "Unhandled" | undefined;
  readonly payload: string;
  readonly durationMs: number;
};

/** An invocation that is under way, for status output and for fault tests. */
export type RunningInvocation = { readonly requestId: string; readonly functionName: string; readonly pid: number };

export const timedOut = (requestId: string, timeoutMs: number): ErrorPayload => ({
  errorType: "Sandbox.Timedout",
  errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
});

export const exited = (requestId: string, how: string): ErrorPayload => ({
  errorType: "Runtime.ExitError",
  errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: ${how}`,
});

export const outOfMemory = (requestId: string): ErrorPayload => ({
  errorType: "Runtime.OutOfMemory",
  errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
});

export const responseTooLarge = (): ErrorPayload => ({
  errorType: "Function.ResponseSizeTooLarge",
  errorMessage: `Response payload size exceeded maximum allowed payload size (${maxSyncPayloadBytes} bytes).`,
});
