import { WikilakeError } from "../../../lib/platform/errors.ts";
import { errnoOf } from "../errno.ts";
import type { CommandResult } from "./run-command.ts";

/** What the output of Maven, pip, tar and Node says when the cause is one that a person can do something about. */
const causes: readonly { readonly pattern: RegExp; readonly make: (detail: string) => WikilakeError }[] = [
  { pattern: /no space left on device|ENOSPC|disk quota exceeded|EDQUOT/i, make: (detail) => diskFull(detail) },
  {
    pattern:
      /unknown host|UnknownHostException|connection refused|connect(ion)? timed out|network is unreachable|no route to host|temporary failure in name resolution|failed to establish a new connection|name or service not known|nodename nor servname|could not transfer artifact/i,
    make: (detail) => networkUnreachable(detail),
  },
  {
    pattern: /do not match the hashes|hash mismatch|checksum validation failed/i,
    make: (detail) => failure("CHECKSUM_MISMATCH", `A download is not what it should be: ${detail}`, true),
  },
  {
    pattern: /could not find artifact|no matching distribution|could not find a version/i,
    make: (detail) =>
      failure("ARTIFACT_MISSING", `A pinned package is not offered (check mirror or proxy): ${detail}`, false),
  },
  {
    pattern: /JAVA_HOME.*(not defined correctly|is not set)|unable to locate a java runtime/i,
    make: (detail) => failure("JAVA_MISSING", `Maven finds no Java: ${detail}`, false),
  },
];

/** The reason for a person out of a failed command's output; INSTALL_FAILED with its last lines when it is none we know. */
export function commandError(what: string, result: Exclude<CommandResult, { kind: "done" }>): WikilakeError {
  if (result.kind === "missing") return failure("PROGRAM_MISSING", `${what}: the program is not installed.`, false);
  const known = knownCause(result.output);
  if (known !== undefined) return known;
  const tail = result.output.trimEnd().split("\n").slice(-5).join("\n");
  return failure("INSTALL_FAILED", `${what} failed (exit code ${result.exitCode}):\n${tail}`, true);
}

/**
 * Turns an error of the file system into one with a code a person understands; leaves every other as it is. `remedy`
 * says how to name another folder.
 */
export function fileError(error: unknown, folder: string, remedy = cacheRemedy): unknown {
  const code = errnoOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(folder, remedy);
  if (code === "EACCES" || code === "EROFS" || code === "EPERM") {
    return failure("FOLDER_NOT_WRITABLE", `Cannot write to ${folder}; ${remedy}.`, false);
  }
  return error;
}

const cacheRemedy = "set WIKILAKE_CACHE to a folder on another disk";

export const mavenMissing = (): WikilakeError =>
  failure(
    "MAVEN_MISSING",
    "Maven is missing: install it (Debian: apt install maven; macOS: brew install maven).",
    false,
  );

export const pythonMissing = (): WikilakeError =>
  failure("PYTHON_MISSING", "Python 3.9 or newer is missing (Debian: apt install python3 python3-venv).", false);

export const venvMissing = (python: string): WikilakeError =>
  failure("PYTHON_VENV_MISSING", `${python} has no venv module (Debian: apt install python3-venv).`, false);

export const diskFull = (detail: string, remedy = cacheRemedy): WikilakeError =>
  failure("DISK_FULL", `The disk is full: ${detail}. Free some space, or ${remedy}.`, true);

const networkUnreachable = (detail: string): WikilakeError =>
  failure("NETWORK_UNREACHABLE", `The engines are fetched once, and the network is not reachable: ${detail}`, true);

export const checksumMismatch = (part: string, files: readonly string[]): WikilakeError =>
  failure("CHECKSUM_MISMATCH", `${part}: other content than pinned, twice: ${files.slice(0, 5).join(", ")}`, true);

function knownCause(output: string): WikilakeError | undefined {
  const lines = output.split("\n");
  for (const { pattern, make } of causes) {
    const line = lines.find((candidate) => pattern.test(candidate));
    if (line !== undefined) return make(line.trim().slice(0, maxDetailChars));
  }
  return undefined;
}

/** Maven puts a whole stack of reasons on one line; the first part names artifact and host. */
const maxDetailChars = 300;

function failure(code: string, message: string, retriable: boolean): WikilakeError {
  return new WikilakeError(code, message, { retriable });
}
