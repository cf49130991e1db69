import { join } from "node:path";
import { WikilakeError } from "../../../lib/platform/errors.ts";
import type { ComponentName } from "../installation.ts";
import { fetchWithMaven } from "./fetch-with-maven.ts";
import { findPython, requirePython } from "./find-python.ts";
import type { InstallContext } from "./install-context.ts";
import { installLauncher } from "./install-launcher.ts";
import { installTrino } from "./install-trino.ts";
import { installVenv } from "./install-venv.ts";

/** The one jar of the component, by its full name as checksums/ lists it. */
export const catalogJarName = "iceberg-open-api-1.10.1.jar";
export const s3mockJarName = "s3mock-5.2.3-exec.jar";
const compilerJarName = "ecj-3.33.0.jar";

export type BuildInputs = {
  /** The `java` program of version 17. */
  readonly java: string;
  /** Folders of the components built before. */
  readonly components: ReadonlyMap<ComponentName, string>;
};

/** Puts the component `name` into the empty folder `staging`. */
export async function buildComponent(
  context: InstallContext,
  name: ComponentName,
  inputs: BuildInputs,
  staging: string,
): Promise<void> {
  switch (name) {
    case "launcher":
      return installLauncher(context, staging, {
        java: inputs.java,
        compilerJar: join(builtBefore(inputs, "compiler"), compilerJarName),
        catalogJar: join(builtBefore(inputs, "catalog"), catalogJarName),
      });
    case "trino":
      return installTrino(context, staging);
    case "python": {
      const python = requirePython(await findPython(context.run, context.env));
      return installVenv(context, "pyspark", python, staging, ["build-requirements.txt", "requirements.txt"]);
    }
    default:
      return fetchWithMaven(context, name, staging);
  }
}

function builtBefore(inputs: BuildInputs, name: ComponentName): string {
  const folder = inputs.components.get(name);
  if (folder !== undefined) return folder;
  throw new WikilakeError("INSTALL_FAILED", `${name} has to be installed first.`, { retriable: false });
}
