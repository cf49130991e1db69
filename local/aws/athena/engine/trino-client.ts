import { TrinoError, type TrinoErrorType, TrinoUnreachable } from "./trino-error.ts";
import { parsePage, type TrinoColumn, type TrinoPage, type TrinoStats } from "./trino-protocol.ts";

export type TrinoResult = {
  readonly queryId: string;
  readonly columns: readonly TrinoColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly updateType: string | undefined;
  readonly updateCount: number | undefined;
  readonly stats: TrinoStats;
};

export type RunOptions = {
  /** Asks the engine to cancel; the run still ends with the engine's own last word. */
  readonly signal?: AbortSignal;
  /** Session properties of this statement. */
  readonly session?: Readonly<Record<string, string>>;
  readonly onStats?: (stats: TrinoStats) => void;
};

export type TrinoClient = {
  /** Runs one statement to its end. Throws TrinoError for what the engine says, TrinoUnreachable when it says nothing. */
  run(sql: string, options?: RunOptions): Promise<TrinoResult>;
  /** The engine's objection to the syntax of a statement; undefined when it can be read. Executes nothing. */
  syntaxError(sql: string): Promise<string | undefined>;
};

export type TrinoClientDeps = {
  /** `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<void>;
};

/** The protocol says 50 to 100 ms before the same request is sent again; the engine's own long polls do all other waiting. */
const retryDelayMs = 75;
/** About 30 s of a silent engine: it is back by then after a restart, though it has forgotten its queries. */
const maxAttempts = 400;
const retriedStatuses = new Set([429, 502, 503, 504]);
const user = "wikilake";

/** A client of the engine's statement protocol. */
export function createTrinoClient(deps: TrinoClientDeps): TrinoClient {
  const http = createHttp(deps);
  const run = async (sql: string, options: RunOptions = {}): Promise<TrinoResult> => {
    const session = Object.entries(options.session ?? {}).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    const headers = session.length === 0 ? {} : { "X-Trino-Session": session.join(",") };
    const first = await http(`${deps.url}/v1/statement`, { method: "POST", body: sql, headers });
    return follow(first, http, options);
  };
  return {
    run,
    syntaxError: async (sql) => {
      try {
        await run(`PREPARE wikilake_check FROM ${sql}`);
        return undefined;
      } catch (error) {
        if (error instanceof TrinoError && error.errorName === "SYNTAX_ERROR") return unshift(error.message);
        if (error instanceof TrinoError) return undefined; // not a matter of syntax: the run itself will tell
        throw error;
      }
    },
  };
}

/** The column of an error on the first line, counted without the PREPARE in front of the statement. */
function unshift(message: string): string {
  const prefix = "PREPARE wikilake_check FROM ".length;
  return message.replace(/^line 1:(\d+)/, (_all, column: string) => `line 1:${Number(column) - prefix}`);
}

type Http = (url: string, init: RequestInit) => Promise<TrinoPage>;

async function follow(first: TrinoPage, http: Http, options: RunOptions): Promise<TrinoResult> {
  let page = first;
  let columns: readonly TrinoColumn[] = [];
  const rows: (readonly unknown[])[] = [];
  const cancel = (): void => {
    if (page.nextUri !== undefined) void http(page.nextUri, { method: "DELETE" }).catch(() => undefined);
  };
  if (options.signal?.aborted) cancel();
  options.signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      options.onStats?.(page.stats);
      columns = page.columns ?? columns;
      for (const row of page.data ?? []) rows.push(row);
      if (page.error) throw failure(page);
      if (page.nextUri === undefined) return result(page, columns, rows);
      page = await http(page.nextUri, { method: "GET" });
    }
  } finally {
    options.signal?.removeEventListener("abort", cancel);
  }
}

const result = (page: TrinoPage, columns: TrinoResult["columns"], rows: TrinoResult["rows"]): TrinoResult => ({
  queryId: page.id,
  columns,
  rows,
  updateType: page.updateType ?? undefined,
  updateCount: page.updateCount ?? undefined,
  stats: page.stats,
});

const errorTypes: readonly TrinoErrorType[] = ["USER_ERROR", "INTERNAL_ERROR", "INSUFFICIENT_RESOURCES", "EXTERNAL"];

function failure({ error, id }: TrinoPage): TrinoError {
  const type = errorTypes.find((known) => known === error?.errorType) ?? "INTERNAL_ERROR";
  return new TrinoError(error?.errorName ?? "GENERIC_INTERNAL_ERROR", type, error?.message ?? "", id);
}

function createHttp({ fetch: send = fetch, sleep = wait }: TrinoClientDeps): Http {
  return async (url, init) => {
    const headers = { ...baseHeaders, ...init.headers };
    let last = "no answer";
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (attempt > 0) await sleep(retryDelayMs);
      const response = await send(url, { ...init, headers }).catch((error: unknown) => unanswered(init, error));
      if (response === undefined) continue;
      if (response.ok) return init.method === "DELETE" ? gone : parsePage(await response.text());
      last = `HTTP ${response.status}: ${(await response.text()).slice(0, 300)}`;
      if (!retriedStatuses.has(response.status)) break;
    }
    throw new TrinoUnreachable(`The SQL engine does not answer: ${last}`);
  };
}

const baseHeaders = {
  "X-Trino-User": user,
  "X-Trino-Source": "wikilake-athena",
  "X-Trino-Time-Zone": "UTC",
  // Without it the engine rounds timestamps to milliseconds.
  "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
};

/** The answer to DELETE has no body; nothing reads this page. */
const gone: TrinoPage = {
  id: "",
  stats: { state: "", physicalInputBytes: 0, planningTimeMillis: 0, elapsedTimeMillis: 0, queuedTimeMillis: 0 },
};

/** Reading a page again is safe. Submitting again is safe only when the connection was refused, so nothing was submitted. */
function unanswered(init: RequestInit, error: unknown): undefined {
  if (init.method !== "POST" || isRefused(error)) return undefined;
  throw new TrinoUnreachable("The SQL engine broke the connection while a statement was being sent", error);
}

/** Judged by shape: an error of Node's own is no instance of another realm's Error. */
function isRefused(error: unknown): boolean {
  const code = (value: unknown): unknown =>
    typeof value === "object" && value !== null && "code" in value ? value.code : undefined;
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;
  return code(error) === "ECONNREFUSED" || code(cause) === "ECONNREFUSED";
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
