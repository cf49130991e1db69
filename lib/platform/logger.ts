/** Structured JSON lines. Event text is never interpolated into `message`; fields are cut and escaped by JSON. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | readonly string[]>>;
export type LogLevel = "DEBUG" | "INFO" | "WARN" | "ERROR";
export type Logger = {
  debug(code: string, fields?: LogFields): void;
  info(code: string, fields?: LogFields): void;
  warn(code: string, fields?: LogFields): void;
  error(code: string, fields?: LogFields): void;
  with(fields: LogFields): Logger;
};

/** Longest text of one field; a title or an error of an attacker's choosing must not fill the log. */
const maxFieldChars = 500;
const levels: readonly LogLevel[] = ["DEBUG", "INFO", "WARN", "ERROR"];

type LoggerOptions = {
  readonly level?: LogLevel;
  readonly base?: LogFields;
  readonly now?: () => number;
  readonly write?: (line: string) => void;
};

/** A logger of one JSON object a line: `time` (ISO, UTC), `level`, `code` (stable, kebab-case), then the fields. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "INFO", base = {}, now = Date.now, write = (line) => process.stdout.write(`${line}\n`) } = options;
  const emit = (at: LogLevel, code: string, fields: LogFields = {}): void => {
    if (levels.indexOf(at) < levels.indexOf(level)) return;
    write(JSON.stringify({ time: new Date(now()).toISOString(), level: at, code, ...cut({ ...base, ...fields }) }));
  };
  return {
    debug: (code, fields) => emit("DEBUG", code, fields),
    info: (code, fields) => emit("INFO", code, fields),
    warn: (code, fields) => emit("WARN", code, fields),
    error: (code, fields) => emit("ERROR", code, fields),
    with: (fields) => createLogger({ ...options, base: { ...base, ...fields } }),
  };
}

function cut(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === "string" && value.length > maxFieldChars ? `${value.slice(0, maxFieldChars)}…` : value,
    ]),
  );
}
