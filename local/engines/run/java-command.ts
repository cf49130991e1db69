import { join } from "node:path";
import type { JavaMajor } from "../install/find-java.ts";
import { agentJarName } from "../install/install-launcher.ts";
import { folderOf, type Installation, javaOf } from "../installation.ts";
import type { EngineCommand } from "./engine-process.ts";

export type JavaProgram = {
  readonly major: JavaMajor;
  readonly heap: string;
  /** JVM options besides the common ones. */
  readonly options: readonly string[];
  /** Jars; one may be a folder with `*`. */
  readonly classPath: readonly string[];
  readonly mainClass: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
};

/** The command line of an engine: Java of its version, its heap, and in front of it the class that ends it with us. */
export function javaCommand(installation: Installation, program: JavaProgram): EngineCommand {
  const watch = join(folderOf(installation, "launcher"), agentJarName);
  const common = [`-Xmx${program.heap}`, "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC"];
  const classPath = ["-cp", [watch, ...program.classPath].join(":")];
  const main = ["wikilake.ParentWatch", program.mainClass, ...program.arguments];
  return {
    command: javaOf(installation, program.major),
    args: [...common, ...program.options, ...classPath, ...main],
    env: engineEnvironment(process.env),
    cwd: program.cwd,
    logFile: program.logFile,
  };
}

/** Options for a JVM that spends its life waiting: one collector thread, and the quick compiler only. */
export const smallJvm = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"] as const;

/**
 * Only what a program needs to run: nothing of the person's AWS_* or JAVA_TOOL_OPTIONS variables may change how an
 * engine behaves, or lead it to a real account.
 */
export function engineEnvironment(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const kept = ["PATH", "HOME", "TMPDIR", "LANG"].flatMap((key) => {
    const value = env[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { ...Object.fromEntries(kept), AWS_EC2_METADATA_DISABLED: "true" };
}
