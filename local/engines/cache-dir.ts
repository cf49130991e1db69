import { homedir } from "node:os";
import { join } from "node:path";

/** Where the engines are kept, outside of every work tree so that a second checkout starts at once. */
export function cacheDirOf(env: NodeJS.ProcessEnv): string {
  const named = env["WIKILAKE_CACHE"];
  if (named !== undefined && named !== "") return named;
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".cache"), "wikilake");
}
