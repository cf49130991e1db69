// The container's health check: the shim touches its file every 10 s while it makes progress.
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Six missed signs. */
const maxAgeMs = 60_000;

const file = process.env.HEALTH_FILE || join(tmpdir(), "wikilake-shim-healthy");
try {
  process.exitCode = Date.now() - statSync(file).mtimeMs < maxAgeMs ? 0 : 1;
} catch {
  process.exitCode = 1;
}
