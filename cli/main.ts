import { Command, CommanderError, Option } from "commander";
import { reportFailure } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";

/** Every verb loads its own code: `--help` answers at once and a broken engine does not break `doctor`. */
function createProgram(): Command {
  const program = new Command("wikilake")
    .description("Wikimedia's live edits as a lakehouse: on this machine, or as a deployed stage.")
    .exitOverride()
    .showHelpAfterError("(wikilake --help shows every command)");
  const finish = (code: number): void => {
    process.exitCode = code;
  };

  program
    .command("start")
    .description("start the whole lake on this machine and keep it running (Ctrl-C stops it)")
    .option("--source <where>", "auto, live, sim, an http address, or a .ndjson[.gz] file", "auto")
    .option("--once", "ingest to the end (or --events), run one silver/gold cycle, print the reconciliation, stop")
    .option("--events <n>", "stop reading after this many events (with --once)")
    .option("--rate <n>", "events per second: of the simulator, or at which a file is replayed")
    .option("--for <time>", "stop after a time, such as 90s, 10m or 2h")
    .option("--state <dir>", "folder of the lake's state", ".wikilake")
    .option("--config <file>", "overrides, as JSON: parameters of the template and environment of the shim")
    .option("--json", "with --once: print the result as one JSON object")
    .action(async (options) => finish(await (await import("./commands/start.ts")).startCommand(options)));

  const target = (command: Command): Command =>
    command
      .addOption(new Option("--stage <name>", "a deployed stage instead of the local lake"))
      .addOption(new Option("--state <dir>", "state folder of the local lake"));

  target(program.command("sql [statement]"))
    .description("run one SQL statement; bronze.x stands for the stage's bronze database, and so for every layer")
    .option("--query <name>", "run a named query of the cookbook instead")
    .option("--list", "names of these queries, with what they answer")
    .option("--format <format>", "table, csv or json", "table")
    .option("--max-rows <n>", "0 for all", "1000")
    .action(async (statement, options) =>
      finish(await (await import("./commands/sql.ts")).sqlCommand(statement, options)),
    );

  target(program.command("status"))
    .description("what runs, how far behind it is, rows by layer")
    .option("--json", "as one JSON object")
    .action(async (options) => finish(await (await import("./commands/status.ts")).statusCommand(options)));

  target(program.command("gaps"))
    .description("the gap ledger: what the source is known not to have delivered")
    .option("--json", "as JSON")
    .action(async (options) => finish(await (await import("./commands/gaps.ts")).gapsCommand(options)));

  target(program.command("backfill <layer>"))
    .description("compute days of silver or gold anew from the layer below, in chunks")
    .requiredOption("--from <day>", "first UTC day, such as 2026-11-01")
    .requiredOption("--to <day>", "last UTC day")
    .option("--tables <names>", "only these, such as gold.hourly_stats,gold.user_daily")
    .option("--json", "print the runs as one JSON object")
    .action(async (layer, options) =>
      finish(await (await import("./commands/backfill.ts")).backfillCommand(layer, options)),
    );

  target(program.command("resume"))
    .description("let a pipeline run again that was held after failed data gates")
    .option("--new-baselines", "also forget what drift is judged against: a lost history, or another feed")
    .action(async (options) => finish(await (await import("./commands/resume.ts")).resumeCommand(options)));

  program
    .command("doctor")
    .description("check this machine: Node, Java, Maven, Python, disk, memory, cache")
    .option("--json", "as one JSON object")
    .action(async (options) => finish(await (await import("./commands/doctor.ts")).doctorCommand(options)));
  return program;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUse;
  else process.exitCode = reportFailure(error);
}
