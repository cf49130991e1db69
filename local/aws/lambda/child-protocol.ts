/** What the runtime and a function's child say to each other. Types only: the child program imports nothing else. */
export type ErrorPayload = {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
};

export type ToChild = {
  readonly kind: "invoke";
  readonly requestId: string;
  /** The event as JSON text. */
  readonly payload: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
};

export type FromChild =
  | { readonly kind: "ready" }
  | { readonly kind: "init-failed"; readonly error: ErrorPayload }
  | { readonly kind: "succeeded"; readonly requestId: string; readonly payload: string }
  | { readonly kind: "failed"; readonly requestId: string; readonly error: ErrorPayload }
  /** Nobody caught an error: the process is about to end. */
  | { readonly kind: "crashed"; readonly error: ErrorPayload };

/** Written to stdout and stderr after an invocation: what came before it belongs to that invocation. */
export const endOfOutput = (requestId: string): string => `\u0000end-of-output ${requestId}`;
