/** The system's error code (`ENOENT`, `ENOSPC` …) of whatever was thrown; undefined when it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
