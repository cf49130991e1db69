import { readdir, readFile } from "node:fs/promises";

type ProcessRow = { readonly pid: number; readonly parent: number; readonly rssKiB: number };

/**
 * Resident memory (MiB) of a process and all its descendants, from /proc. Pages that several of them share are counted
 * for each: the true figure is a little lower. 0 where there is no /proc.
 */
export async function treeMemoryMiB(rootPid: number): Promise<number> {
  const rows = await readProcesses();
  const children = Map.groupBy(rows, ({ parent }) => parent);
  const waiting = rows.filter(({ pid }) => pid === rootPid);
  let totalKiB = 0;
  for (let row = waiting.pop(); row; row = waiting.pop()) {
    totalKiB += row.rssKiB;
    waiting.push(...(children.get(row.pid) ?? []));
  }
  return Math.round(totalKiB / 1024);
}

async function readProcesses(): Promise<ProcessRow[]> {
  const names = await readdir("/proc").catch(() => []);
  const rows = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(readProcess));
  return rows.filter((row) => row !== undefined);
}

async function readProcess(pid: string): Promise<ProcessRow | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => undefined); // ended meanwhile
  if (status === undefined) return undefined;
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return { pid: Number(pid), parent: field("PPid"), rssKiB: field("VmRSS") };
}
