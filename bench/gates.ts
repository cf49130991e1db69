/** How long the gates' rules take over a million rows, warm (bench/gates.py). `--quick`: a tenth of the rows. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { parseArgs } from "node:util";
import { installEngines } from "../local/engines/install-engines.ts";
import { sparkEnvironment, sparkOf } from "../local/engines/spark-installation.ts";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const spark = await sparkOf(await installEngines({ parts: ["spark"] }));
const script = path.join(import.meta.dirname, "gates.py");
const child = spawn(spark.python, [script, values.quick ? "100000" : "1000000", "5"], {
  stdio: "inherit",
  env: sparkEnvironment(spark),
});
const [code] = await once(child, "exit");
process.exitCode = Number(code ?? 1);
