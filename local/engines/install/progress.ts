/** One step of a download or a build. Sizes in bytes; `totalBytes` is there when the total is known beforehand. */
export type ProgressEvent = {
  readonly part: string;
  readonly message: string;
  readonly elapsedMs: number;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
};

export type Progress = (event: ProgressEvent) => void;

/** How often a long step reports: often enough to see life, seldom enough for a log file. */
export const reportEveryMs = 2_000;

const bytesPerMegabyte = 1_000_000;

/** One line for a person, e.g. `trino: fetching 120 of 356 MB (14 s)`. */
export function describeProgress(event: ProgressEvent): string {
  const done = event.doneBytes === undefined ? "" : ` ${megabytes(event.doneBytes)}`;
  const total = event.totalBytes === undefined ? "" : `${done === "" ? "" : " of"} ${megabytes(event.totalBytes)}`;
  const unit = done === "" && total === "" ? "" : " MB";
  return `${event.part}: ${event.message}${done}${total}${unit} (${Math.round(event.elapsedMs / 1000)} s)`;
}

const megabytes = (bytes: number): string => String(Math.round(bytes / bytesPerMegabyte));
