import { WikilakeError } from "../../lib/platform/errors.ts";

/**
 * What can be wrong with a template. INVALID: shape; PARAMETER: a value the template does not allow; REFERENCE: something
 * named that is not there; CYCLE: no order exists; REFUSED: a function that only AWS can answer; UNKNOWN_TYPE: a resource
 * that nothing on this machine realises and no list excuses.
 */
export type TemplateErrorCode =
  | "TEMPLATE_INVALID"
  | "TEMPLATE_PARAMETER"
  | "TEMPLATE_REFERENCE"
  | "TEMPLATE_CYCLE"
  | "TEMPLATE_REFUSED"
  | "TEMPLATE_UNKNOWN_TYPE";

/** An error in the template itself: trying again cannot help. */
export function templateError(code: TemplateErrorCode, message: string, cause?: unknown): WikilakeError {
  return new WikilakeError(code, message, { retriable: false, ...(cause === undefined ? {} : { cause }) });
}
