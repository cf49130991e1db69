import { WikilakeError } from "../platform/errors.ts";

/** The event names no job of ours: sending it again changes nothing. */
export class BadJobEventError extends WikilakeError {
  constructor(message: string, cause?: unknown) {
    super("BAD_JOB_EVENT", message, { retriable: false, cause });
  }
}

/** The job service refused or did not answer. With the same client token a repeat is safe. */
export class JobStartError extends WikilakeError {
  constructor(message: string, cause: unknown) {
    super("JOB_START_FAILED", message, { retriable: true, cause });
  }
}
