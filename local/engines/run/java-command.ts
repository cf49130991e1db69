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
  /** `-jar x`, or `-cp x Main`, and the program's own arguments. */
  readonly program: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
};

/** The command line of an engine: Java of its version, the agent that ends it with us, its heap. */
export function javaCommand(installation: Installation, program: JavaProgram): EngineCommand {
  const agent = join(folderOf(installation, "launcher"), agentJarName);
  const common = [`-javaagent:${agent}`, `-Xmx${program.heap}`, "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC"];
  return {
    command: javaOf(installation, program.major),
    args: [...common, ...program.options, ...program.program],
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
