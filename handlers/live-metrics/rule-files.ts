import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type LiveRules, parseLiveRules } from "../../lib/lake/live-rules.ts";

/** The rule files under `root`/schemas/rules, as packed into the zip beside the handler. Throws on what is not valid. */
export function readLiveRules(root: string): LiveRules {
  const read = (name: string): unknown => parse(readFileSync(join(root, "schemas/rules", `${name}.yml`), "utf8"));
  return parseLiveRules({
    domains: read("domains"),
    thresholds: read("thresholds"),
    live: read("live"),
    blacklist: read("blacklist"),
  });
}
