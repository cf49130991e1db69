import { z } from "zod";
import { ruleSchemas } from "../../schemas/rules/rule-schemas.ts";

const thresholdsSchema = z.object({
  silver: z.object({
    severity_moderate_from: z.int().positive(),
    severity_major_from: z.int().positive(),
    max_ahead_minutes: z.int().nonnegative(),
  }),
});

export type BlacklistTerm = z.infer<(typeof ruleSchemas)["blacklist"]>["terms"][number];
export type BlacklistField = BlacklistTerm["fields"][number];

/**
 * What the live layer needs of schemas/rules. All of it ends up as text of a statement: names and numbers have closed
 * forms, the terms of the blacklist are printable text of limited regular expressions, quoted by sqlText.
 */
export type LiveRules = {
  readonly regionByDomain: readonly (readonly [domain: string, region: string])[];
  readonly regionByLanguage: readonly (readonly [language: string, region: string])[];
  /** Bytes changed. */
  readonly severityModerateFrom: number;
  readonly severityMajorFrom: number;
  /** An event may claim to be this far ahead of the clock. */
  readonly aheadMs: number;
  readonly recomputeMinutes: number;
  readonly lateMinutes: number;
  readonly minutesPerStatement: number;
  readonly namespaces: readonly number[];
  readonly terms: readonly BlacklistTerm[];
};

/** The four files as their YAML reads. */
export type RuleDocuments = Readonly<Record<"domains" | "thresholds" | "live" | "blacklist", unknown>>;

/** Throws ZodError that names every wrong entry of a file. */
export function parseLiveRules(documents: RuleDocuments): LiveRules {
  const { domains, region_by_language } = ruleSchemas.domains.parse(documents.domains);
  const { silver } = thresholdsSchema.parse(documents.thresholds);
  const live = ruleSchemas.live.parse(documents.live);
  return {
    regionByDomain: domains.map(({ domain, region }) => [domain, region]),
    regionByLanguage: Object.entries(region_by_language),
    severityModerateFrom: silver.severity_moderate_from,
    severityMajorFrom: silver.severity_major_from,
    aheadMs: silver.max_ahead_minutes * 60_000,
    recomputeMinutes: live.recompute_minutes,
    lateMinutes: live.late_hours * 60,
    minutesPerStatement: live.minutes_per_statement,
    namespaces: live.namespaces,
    terms: ruleSchemas.blacklist.parse(documents.blacklist).terms,
  };
}
