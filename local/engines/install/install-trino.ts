import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fetchWithMaven } from "./fetch-with-maven.ts";
import type { InstallContext } from "./install-context.ts";
import { commandError } from "./install-errors.ts";
import { writeZip } from "./write-zip.ts";

/** Both connectors live in one plugin folder; the jars as Maven has them lack the file that names their classes. */
const services = "io.trino.plugin.iceberg.IcebergPlugin\nio.trino.plugin.hive.HivePlugin\n";
const serverArchive = "trino-server-core-476.tar.gz";

/** Lays Trino out in `target`: `lib/` of the server, `plugin/lake/` with the connectors' jars. */
export async function installTrino(context: InstallContext, target: string): Promise<void> {
  const jars = join(target, "jars");
  await mkdir(jars);
  await fetchWithMaven(context, "trino", jars);
  await unpackServer(context, join(jars, serverArchive), target);
  await rm(join(jars, serverArchive));
  await mkdir(join(target, "plugin"));
  await rename(jars, join(target, "plugin", "lake"));
  const entry = { name: "META-INF/services/io.trino.spi.Plugin", content: Buffer.from(services) };
  await writeZip(join(target, "plugin", "lake", "wikilake-services.jar"), [entry]);
}

/** Only the server's own jars: its other plugins (spooling, exchange, passwords …) have no use on one machine. */
async function unpackServer(context: InstallContext, archive: string, target: string): Promise<void> {
  const root = serverArchive.replace(".tar.gz", "");
  const args = ["-xzf", archive, "-C", target, "--strip-components=1", `${root}/lib`];
  const result = await context.run({ command: "tar", args, signal: context.signal });
  if (result.kind !== "done") throw commandError("Unpacking Trino with tar", result);
}
