import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { WikilakeError } from "../lib/platform/errors.ts";

/** CommonJS packages inside the bundle call `require`, which an ES module does not have. */
const requireBanner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/**
 * Bundles the shim into `outDir/main.mjs`, its health check into `outDir/health.mjs`, and puts the Dockerfile beside
 * them: the folder is the build context of the image. Throws WikilakeError PACKAGE_FAILED with esbuild's messages.
 */
export async function packageShim(root: string, outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true });
  const entryPoints = ["main", "health"]
    .map((name) => join(root, "shim", `${name}.ts`))
    .filter((file) => existsSync(file));
  try {
    await build({
      entryPoints,
      outdir: outDir,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      minify: true,
      sourcemap: "linked",
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
  const dockerfile = join(root, "shim", "Dockerfile");
  if (existsSync(dockerfile)) await copyFile(dockerfile, join(outDir, "Dockerfile"));
}
