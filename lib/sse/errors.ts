import { WikilakeError } from "../platform/errors.ts";

/** Failures of a source: SOURCE_URL_REFUSED, SOURCE_FILE_MISSING, SOURCE_FILE_CORRUPT. */
export class SseError extends WikilakeError {}
