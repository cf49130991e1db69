import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { describeProgress } from "../../../local/engines/install/progress.ts";
import { installEngines } from "../../../local/engines/install-engines.ts";
import { sparkEnvironment, sparkOf } from "../../../local/engines/spark-installation.ts";

export type Row = Readonly<Record<string, unknown>>;
export type RunAnswer = { readonly exit?: number; readonly killed?: string };
export type RunRequest = {
  readonly prefix: string;
  readonly runId: string;
  readonly command?: "cycle" | "silver" | "gold";
  readonly flags?: readonly string[];
  /** UTC, without zone. */
  readonly now?: string;
  /** Boundary at which the run dies as if killed. */
  readonly crashAt?: string;
  /** What else run_command of harness.py understands. */
  readonly extra?: Row;
};
/** rule id → outcome, status, metric value, reason. */
export type Evaluated = Readonly<Record<string, readonly [string, string, number | null, string | null]>>;

/** One Spark session behind a line protocol; every lake in it is a prefix of its own. */
export type SparkHarness = {
  readonly folder: string;
  createLake(prefix: string): Promise<void>;
  appendBronze(prefix: string, rows: readonly Row[]): Promise<void>;
  /** Events of an NDJSON file (plain or .gz) as bronze rows of source_kind replay. */
  appendFile(prefix: string, path: string, limit?: number): Promise<number>;
  run(request: RunRequest): Promise<RunAnswer>;
  sql(text: string): Promise<readonly Row[]>;
  call(command: string, fields: Row): Promise<unknown>;
  close(): Promise<void>;
};

/** `lakeFolder`: a lake that an earlier session left there is gone on with, and the folder is the caller's to remove. */
export type HarnessOptions = { readonly driverMemory?: string; readonly lakeFolder?: string };

/** Starts the session (some seconds; minutes when the engines must be fetched first). Call `close` in afterAll. */
export async function startSparkHarness({
  driverMemory = "1g",
  lakeFolder,
}: HarnessOptions = {}): Promise<SparkHarness> {
  const progress = (event: Parameters<typeof describeProgress>[0]): void =>
    void process.stderr.write(`${describeProgress(event)}\n`);
  const spark = await sparkOf(await installEngines({ parts: ["spark"], progress }));
  const folder = lakeFolder ?? (await mkdtemp(join(tmpdir(), "wikilake-spark-")));
  const script = join(import.meta.dirname, "harness.py");
  const env = { ...sparkEnvironment(spark), WIKILAKE_DRIVER_MEMORY: driverMemory };
  const child = spawn(spark.python, [script, folder], { env, stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const output = collectTail(child.stdout, child.stderr);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const channel = child.stdio[3];
  if (!(channel instanceof Readable) || child.stdin === null) throw new Error("the harness has no channel");
  const answers = createInterface({ input: channel })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await answers.next();
    if (done) throw new Error(`the Spark harness ended\n${output()}`);
    return JSON.parse(value);
  };
  await next();
  let last: Promise<unknown> = Promise.resolve();
  const call = (command: string, fields: Row): Promise<unknown> => {
    const answer = last.then(async () => {
      child.stdin?.write(`${JSON.stringify({ command, ...fields })}\n`);
      return unwrap(await next(), output);
    });
    last = answer.catch(() => undefined);
    return answer;
  };
  return {
    folder,
    call,
    createLake: async (prefix) => void (await call("create", { prefix })),
    appendBronze: async (prefix, rows) => void (await call("bronze", { prefix, rows })),
    appendFile: async (prefix, path, limit = 1e9) => Number(await call("bronze_file", { prefix, path, limit })),
    run: async (request) => (await call("run", runFields(request, folder))) as RunAnswer, // the harness's own shape
    sql: async (text) => (await call("sql", { sql: text })) as readonly Row[], // idem
    close: async () => {
      child.stdin?.end();
      await exited;
      if (lakeFolder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function runFields(
  { prefix, runId, command = "cycle", flags = [], now, crashAt, extra }: RunRequest,
  folder: string,
): Row {
  const args = [command, "--database-prefix", prefix, "--run-id", runId, "--settle-seconds", "0"];
  const stage = ["--stage-uri", `${folder}/stage-${prefix}`];
  return { args: [...args, ...stage, ...flags], now: now ?? null, crash_at: crashAt ?? null, ...extra };
}

function unwrap(answer: unknown, output: () => string): unknown {
  if (typeof answer !== "object" || answer === null) throw new Error(`not an answer: ${String(answer)}`);
  if ("error" in answer)
    throw new Error(`${String(answer.error)}\n${"trace" in answer ? String(answer.trace) : ""}${output()}`);
  return "ok" in answer ? answer.ok : undefined;
}

/** What the child said last, for the message when something breaks. */
function collectTail(...streams: readonly Readable[]): () => string {
  const keptChars = 6_000;
  let tail = "";
  for (const stream of streams) {
    stream.on("data", (chunk) => {
      tail = (tail + String(chunk)).slice(-keptChars);
    });
  }
  return () => tail;
}
