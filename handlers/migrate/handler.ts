import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { AthenaClient } from "@aws-sdk/client-athena";
import middy from "@middy/core";
import { createAthenaEngine } from "../../lib/lake/athena-query-engine.ts";
import { systemClock } from "../../lib/platform/clock.ts";
import { describeError } from "../../lib/platform/errors.ts";
import { createLogger } from "../../lib/platform/logger.ts";
import { applyTables, applyViews } from "./apply-tables.ts";
import { readConfig } from "./config.ts";
import { answer, type CustomResourceOutcome, customResourceSchema, putAnswer } from "./custom-resource.ts";
import { readDdlFiles, readViewFiles } from "./ddl-files.ts";

const client = new AthenaClient({});
const deps = {
  engine: createAthenaEngine({ starter: client, reader: client }),
  clock: systemClock,
  newUuid: randomUUID,
  log: createLogger({ base: { component: "migrate" } }),
  config: readConfig(process.env),
};
/** The zip keeps the repository's folders: handlers/migrate/ is two below its root. */
const root = join(import.meta.dirname, "../..");

export const handler = middy().handler(async (event: unknown): Promise<void> => {
  const request = customResourceSchema.parse(event);
  await answer(request, await outcomeOf(request.RequestType), putAnswer);
});

/** Tables outlive the stack: a deletion deletes nothing. */
async function outcomeOf(requestType: "Create" | "Update" | "Delete"): Promise<CustomResourceOutcome> {
  if (requestType === "Delete") return { status: "SUCCESS", data: {} };
  try {
    const tables = await applyTables(deps, readDdlFiles(root));
    const views = await applyViews(deps, readViewFiles(root));
    return { status: "SUCCESS", data: { Tables: String(tables.length), Views: String(views.length) } };
  } catch (error) {
    deps.log.error("tables-not-applied", { error: describeError(error) });
    return { status: "FAILED", reason: describeError(error) };
  }
}
