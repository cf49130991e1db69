import { describeError, WikilakeError } from "../lib/platform/errors.ts";
import { exitCodes } from "./exit-codes.ts";

/** A mistake of the person at the keyboard: the message says what to type instead. */
export class WrongUse extends WikilakeError {
  constructor(message: string) {
    super("WRONG_USE", message, { retriable: false });
  }
}

/** Prints what went wrong, for a person, on standard error, and gives the exit code. A bug keeps its stack. */
export function reportFailure(error: unknown): number {
  if (error instanceof WikilakeError) {
    console.error(`wikilake: ${describeError(error)}`);
    return error instanceof WrongUse ? exitCodes.wrongUse : exitCodes.failed;
  }
  console.error(
    `wikilake: unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return exitCodes.failed;
}
