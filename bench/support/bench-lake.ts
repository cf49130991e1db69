import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Source } from "../../local/run/choose-source.ts";
import { type LocalLake, startLake } from "../../local/run/start-lake.ts";
import { packageStage } from "../../scripts/package.ts";

export type BenchLake = {
  readonly source: Source;
  /** Events a second of the simulator. */
  readonly rate?: number;
  /** Parameters of the template. */
  readonly parameters?: Readonly<Record<string, string>>;
};

/** A whole lake in a folder of its own, stopped and removed afterwards. */
export async function withLake(options: BenchLake, use: (lake: LocalLake) => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-bench-"));
  const { source, rate, parameters = {} } = options;
  const lake = await startLake({
    stateDir,
    source,
    once: true,
    rate,
    overrides: { parameters, shim: source.kind === "sim" ? { SOURCE_START: new Date().toISOString() } : {} },
    signal: new AbortController().signal,
    progress: () => {},
    packageStage,
  });
  try {
    await use(lake);
  } finally {
    await lake.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

/** One statement asked of Trino itself: the hidden columns below are none of Athena's. */
export async function trino(lake: LocalLake, sql: string): Promise<unknown[][]> {
  const headers = { "x-trino-user": "bench", "x-trino-catalog": "lake", "x-trino-schema": "wikilake_local_bronze" };
  // Trino's statement protocol: rows come in pages until there is no next address.
  type Page = { data?: unknown[][]; error?: { message: string }; nextUri?: string };
  const rows: unknown[][] = [];
  const read = async (url: string, init?: RequestInit): Promise<Page> =>
    (await fetch(url, init)).json() as Promise<Page>;
  let page = await read(`${lake.engines.trino.url}/v1/statement`, { method: "POST", body: sql, headers });
  for (;;) {
    if (page.error) throw new Error(page.error.message);
    rows.push(...(page.data ?? []));
    if (!page.nextUri) return rows;
    page = await read(page.nextUri);
  }
}

/**
 * Memory of the bronze writers that run now, MiB: proportional set size, in which a page shared by twelve processes (node
 * itself) counts a twelfth in each. Linux only; undefined elsewhere.
 */
export function writersMiB(lake: LocalLake): number | undefined {
  try {
    const pids = lake.cloud.lambda.running().map(({ pid }) => pid);
    return pids.reduce((sum, pid) => sum + proportionalMiB(pid), 0);
  } catch {
    return undefined;
  }
}

function proportionalMiB(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
  return Number(kilobytes ?? 0) / 1024;
}
