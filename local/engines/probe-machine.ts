import { readFile, statfs } from "node:fs/promises";
import { freemem } from "node:os";
import { dirname } from "node:path";
import { findJava, type JavaMajor, systemJavaDeps } from "./install/find-java.ts";
import { findPython } from "./install/find-python.ts";
import type { InstallContext } from "./install/install-context.ts";
import { mavenMissing, pythonMissing, venvMissing } from "./install/install-errors.ts";
import { findInstallation, type InstallOptions, installContext } from "./install-engines.ts";
import { installPartNames } from "./installation.ts";
import { choosePorts } from "./run/ports.ts";

export type ProbeId = "node" | "java-17" | "java-25" | "maven" | "python" | "memory" | "disk" | "ports" | "cache";

/**
 * `found`: as it should be. `fetchable`: not there, and the first start gets it. `missing`: a person has to do what
 * `remedy` says.
 */
export type Probe = {
  readonly id: ProbeId;
  readonly status: "found" | "fetchable" | "missing";
  readonly detail: string;
  readonly remedy?: string;
};

/** JSON-able. `ready` is false when anything is missing that this machine cannot do without. */
export type MachineReport = { readonly ready: boolean; readonly probes: readonly Probe[] };

export type MachineFacts = {
  readonly nodeVersion: string;
  readonly availableBytes: () => Promise<number>;
  readonly freeDiskBytes: (folder: string) => Promise<number>;
  readonly freePort: () => Promise<number>;
};

/** All processes of a run together stay within 6 GiB; below this the machine would swap. */
const memoryNeededBytes = 6 * 2 ** 30;
/** A first installation at its peak (2.1 GB) and a day of a lake. */
const diskNeededBytes = 4_000_000_000;
/** Lambda's runtime is Node 24, and so is ours. */
const nodeMajor = 24;

/** Looks at what the engines need on this machine; changes nothing and throws nothing. */
export async function probeMachine(
  options: InstallOptions = {},
  facts: MachineFacts = realFacts,
): Promise<MachineReport> {
  const context = installContext(options);
  const python = await probePython(context);
  const cache = await probeCache(context);
  const complete = cache.status === "found";
  const probes = await Promise.all([
    probeNode(facts),
    probeJava(context, 17, python.status === "found"),
    probeJava(context, 25, python.status === "found"),
    probeMaven(context, complete),
    python,
    probeMemory(facts),
    probeDisk(context, facts, complete),
    probePorts(facts),
    cache,
  ]);
  return { ready: probes.every(({ status }) => status !== "missing"), probes };
}

function probeNode({ nodeVersion }: MachineFacts): Probe {
  const detail = `Node ${nodeVersion}`;
  if (Number(/^v?(\d+)/.exec(nodeVersion)?.[1]) >= nodeMajor) return { id: "node", status: "found", detail };
  return { id: "node", status: "missing", detail, remedy: `run it through npm, which brings Node ${nodeMajor}` };
}

async function probeJava(context: InstallContext, major: JavaMajor, canFetch: boolean): Promise<Probe> {
  const id: ProbeId = `java-${major}`;
  const found = await findJava(major, systemJavaDeps(context.env));
  if (found !== undefined) return { id, status: "found", detail: `Java ${found.version} in ${found.home}` };
  if (canFetch) return { id, status: "fetchable", detail: `no Java ${major}; the first start fetches one` };
  const remedy = `install Java ${major} or name it in WIKILAKE_JAVA_${major}`;
  return { id, status: "missing", detail: `no Java ${major}, and no Python to fetch it with`, remedy };
}

async function probeMaven(context: InstallContext, cacheComplete: boolean): Promise<Probe> {
  const result = await context.run({ command: context.maven, args: ["--batch-mode", "--version"], env: context.env });
  if (result.kind === "done") return { id: "maven", status: "found", detail: firstLine(result.output) };
  const detail = result.kind === "missing" ? "no Maven" : `Maven does not run: ${firstLine(result.output)}`;
  // Maven only fetches: with everything in the cache it is not missed.
  if (cacheComplete) return { id: "maven", status: "found", detail: `${detail}; not needed, all is fetched` };
  return { id: "maven", status: "missing", detail, remedy: mavenMissing().message };
}

async function probePython(context: InstallContext): Promise<Probe> {
  const probe = await findPython(context.run, context.env);
  if (probe.kind === "found") {
    const { command, version } = probe.python;
    return { id: "python", status: "found", detail: `Python ${version} with venv (${command})` };
  }
  const error = probe.kind === "missing" ? pythonMissing() : venvMissing(probe.command);
  return { id: "python", status: "missing", detail: "no Python that can make a venv", remedy: error.message };
}

async function probeMemory({ availableBytes }: MachineFacts): Promise<Probe> {
  const bytes = await availableBytes();
  const detail = `${gigabytes(bytes)} GB of memory available`;
  if (bytes >= memoryNeededBytes) return { id: "memory", status: "found", detail };
  const remedy = `close something: a run needs ${gigabytes(memoryNeededBytes)} GB`;
  return { id: "memory", status: "missing", detail, remedy };
}

async function probeDisk(context: InstallContext, { freeDiskBytes }: MachineFacts, complete: boolean): Promise<Probe> {
  const bytes = await freeDiskBytes(context.cacheDir);
  const detail = `${gigabytes(bytes)} GB free in ${context.cacheDir}`;
  if (complete || bytes >= diskNeededBytes) return { id: "disk", status: "found", detail };
  const remedy = `free ${gigabytes(diskNeededBytes)} GB, or set WIKILAKE_CACHE to a folder on another disk`;
  return { id: "disk", status: "missing", detail, remedy };
}

async function probePorts({ freePort }: MachineFacts): Promise<Probe> {
  try {
    return { id: "ports", status: "found", detail: `127.0.0.1 can be listened on (tried ${await freePort()})` };
  } catch {
    const remedy = "allow programs to listen on 127.0.0.1, ports 20000-31999";
    return { id: "ports", status: "missing", detail: "no port on 127.0.0.1 can be listened on", remedy };
  }
}

async function probeCache(context: InstallContext): Promise<Probe> {
  const found = await findInstallation(context, installPartNames);
  if (found !== undefined) return { id: "cache", status: "found", detail: `all engines are in ${context.cacheDir}` };
  const detail = `engines are not all in ${context.cacheDir}; the first start fetches them (about 1 GB)`;
  return { id: "cache", status: "fetchable", detail };
}

const realFacts: MachineFacts = {
  nodeVersion: process.version,
  availableBytes: async () => parseMemAvailable(await readFile("/proc/meminfo", "utf8").catch(() => "")) ?? freemem(),
  freeDiskBytes: async (folder) => {
    const { bavail, bsize } = await statfs(await nearestFolder(folder));
    return bavail * bsize;
  },
  freePort: async () => (await choosePorts(1))[0] ?? 0,
};

/** Linux: free memory plus what the page cache would give back, in bytes. */
export function parseMemAvailable(meminfo: string): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The folder itself or the nearest one above it that exists: before the first start the cache does not. */
async function nearestFolder(folder: string): Promise<string> {
  const exists = await statfs(folder).then(
    () => true,
    () => false,
  );
  return exists || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);
const firstLine = (text: string): string =>
  text
    .split("\n")
    .find((line) => line.trim() !== "")
    ?.trim() ?? "";
