/** What every error of ours carries: a stable code for logs and tests, and whether trying the same thing again can help. */
export type ErrorOptionsWithRetry = { readonly retriable: boolean; readonly cause?: unknown };

/**
 * Base of all expected failures. A thrown value that is not one of these is a bug: crash and replay.
 * `code` is SCREAMING_SNAKE_CASE and never renamed (alerts and tests name it).
 */
export class WikilakeError extends Error {
  readonly code: string;
  readonly retriable: boolean;

  constructor(code: string, message: string, options: ErrorOptionsWithRetry) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retriable = options.retriable;
  }
}

/** True only for errors that say of themselves that a repeat may succeed. */
export const isRetriable = (error: unknown): boolean => error instanceof WikilakeError && error.retriable;

/** One line for a person: message and, where there is one, the cause's message. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`;
}
