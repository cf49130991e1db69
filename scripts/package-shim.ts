import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { WikilakeError } from "../lib/platform/errors.ts";

/** CommonJS packages inside the bundle call `require`, which an ES module does not have. */
const requireBanner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Taken as they are: the health check imports nothing, the Dockerfile has this folder as its context. */
const copied = ["health.mjs", "Dockerfile"];

/**
 * Bundles the shim into `outDir/main.mjs` and puts its health check and Dockerfile beside it: the folder is the build
 * context of the image. Throws WikilakeError PACKAGE_FAILED with esbuild's messages.
 */
export async function packageShim(root: string, outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  try {
    await build({
      entryPoints: [join(root, "shim", "main.ts")],
      outdir: outDir,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      minify: true,
      sourcemap: "linked",
      sourcesContent: false, // positions are enough for a stack trace, and a fifth of the size
      platform: "node",
      target: "node24",
      format: "esm",
      banner: { js: requireBanner },
      logLevel: "silent",
    });
  } catch (cause) {
    throw new WikilakeError("PACKAGE_FAILED", `the shim does not bundle: ${String(cause)}`, {
      retriable: false,
      cause,
    });
  }
  await Promise.all(copied.map((name) => copyFile(join(root, "shim", name), join(outDir, name))));
}
