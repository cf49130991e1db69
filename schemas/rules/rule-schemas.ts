import { z } from "zod";
import { problemOfRegex } from "./regex-safety.ts";

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, "lower case letters, digits and - only, at most 60");
const word = z.string().min(1).max(500);
const wikiName = z.string().regex(/^[a-z0-9_]+$/, "a database name such as enwiki");
const region = z.enum(["asia_pacific", "europe", "americas", "middle_east", "other"]);
const languageCode = z.string().regex(/^(\*|[a-z]{2,3}(-[a-z]{2,10}){0,2}|simple)$/, "a language code or *");
const severity = z.enum(["info", "warning", "critical"]);

const regex = word.superRefine((source, context) => {
  const problem = problemOfRegex(source);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

/** Every id once. */
function unique<Item>(keyOf: (item: Item) => string, what: string) {
  return (items: readonly Item[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const key = keyOf(item);
      if (seen.has(key)) context.addIssue({ code: "custom", path: [index], message: `${what} ${key} is there twice` });
      seen.add(key);
    }
  };
}

type Example = { readonly regex: string; readonly example: string; readonly counterexample: string };

/** The example must match, the counterexample must not; undefined when the pattern itself is refused already. */
function matchOf(entry: Example, context: z.RefinementCtx): RegExpExecArray | undefined {
  if (problemOfRegex(entry.regex) !== undefined) return undefined;
  const pattern = new RegExp(entry.regex, "u");
  const complain = (field: string, message: string): void =>
    context.addIssue({ code: "custom", path: [field], message });
  if (pattern.test(entry.counterexample)) complain("counterexample", "matches, and must not");
  const found = pattern.exec(entry.example);
  if (found === null) complain("example", "does not match its pattern");
  return found ?? undefined;
}

const group = z.int().min(1).max(9);
const revertPattern = z
  .strictObject({
    id,
    language: languageCode,
    method: z.enum(["rollback", "undo", "tool", "manual"]),
    regex,
    revision: group.optional(),
    user: group.optional(),
    example: word,
    revision_is: z.int().positive().optional(),
    user_is: word.optional(),
    counterexample: word,
  })
  .superRefine((entry, context) => {
    const found = matchOf(entry, context);
    if (found === undefined) return;
    const given = (number: number | undefined): string | undefined =>
      number === undefined ? undefined : found[number];
    const compare = (field: "revision_is" | "user_is", is: string | undefined): void => {
      const wanted = entry[field]?.toString();
      if (is !== wanted)
        context.addIssue({ code: "custom", path: [field], message: `the example gives ${is ?? "nothing"}` });
    };
    compare("revision_is", given(entry.revision));
    compare("user_is", given(entry.user));
  });

const warningPattern = z
  .strictObject({ id, language: languageCode, regex, example: word, counterexample: word })
  .superRefine((entry, context) => void matchOf(entry, context));

const watchEntry = z
  .strictObject({
    id,
    label: word,
    wiki: z.union([wikiName, z.literal("*")]),
    title: word,
    match: z.enum(["exact", "prefix", "regex"]),
    namespaces: z.array(z.int()),
    tags: z.array(word),
    notify: z.strictObject({ severity, on: z.array(z.enum(["anomaly", "edit_war", "blanking", "any_edit"])) }),
  })
  .superRefine(({ match, title }, context) => {
    const problem = match === "regex" ? problemOfRegex(title) : undefined;
    if (problem !== undefined) context.addIssue({ code: "custom", path: ["title"], message: problem });
  });

const term = z
  .strictObject({
    id,
    pattern: word,
    type: z.enum(["keyword", "regex"]),
    fields: z.array(z.enum(["title", "comment", "user"])).min(1),
    wikis: z.array(wikiName),
    whole_word: z.boolean(),
    case_sensitive: z.boolean(),
    severity,
    adds_risk: z.boolean(),
    expires: z.union([z.iso.date(), z.null()]),
  })
  .superRefine(({ type, pattern, whole_word }, context) => {
    const problem = type === "regex" ? problemOfRegex(pattern) : undefined;
    if (problem !== undefined) context.addIssue({ code: "custom", path: ["pattern"], message: problem });
    if (type === "regex" && whole_word)
      context.addIssue({ code: "custom", path: ["whole_word"], message: "is for keywords, a regex says it itself" });
  });

const domain = z.strictObject({
  domain: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "a host name"),
  wiki: wikiName,
  language: word,
  project: word,
  region,
  in_scope: z.boolean(),
});

const alert = z.strictObject({
  id: z.string().regex(/^A-\d{2}$/, "A- and two digits"),
  title: word,
  severity: z.enum(["INFO", "WARNING", "CRITICAL"]),
  channels: word,
  key: word,
  window_minutes: z.union([z.int().min(1).max(1440), z.literal("once")]),
  resolves: z.boolean(),
  query: word,
  runbook: word,
});

const threshold: z.ZodType<unknown> = z.lazy(() =>
  z.union([z.number(), z.string().min(1), z.record(z.string().regex(/^[a-z0-9_]+$/), threshold)]),
);

/** What each rule file holds, by its name without .yml. */
export const ruleSchemas = {
  domains: z.strictObject({
    domains: z
      .array(domain)
      .min(1)
      .superRefine(unique((one) => one.domain, "domain")),
    region_by_language: z.record(z.string().regex(/^[a-z-]+$/), region),
  }),
  "watch-list": z.strictObject({
    mode: z.enum(["mark", "filter"]),
    watch: z.array(watchEntry).superRefine(unique((one) => one.id, "id")),
  }),
  blacklist: z.strictObject({ terms: z.array(term).superRefine(unique((one) => one.id, "id")) }),
  trusted: z.strictObject({
    trusted: z
      .array(z.strictObject({ user: word, role: z.enum(["bot", "reverter"]), wikis: z.array(wikiName), reason: word }))
      .superRefine(unique((one) => one.user, "user")),
  }),
  "revert-patterns": z.strictObject({
    patterns: z
      .array(revertPattern)
      .min(1)
      .superRefine(unique((one) => one.id, "id")),
  }),
  "warning-patterns": z.strictObject({
    patterns: z
      .array(warningPattern)
      .min(1)
      .superRefine(unique((one) => one.id, "id")),
  }),
  thresholds: z.record(z.string(), threshold),
  alerts: z.strictObject({
    alerts: z
      .array(alert)
      .min(1)
      .superRefine(unique((one) => one.id, "id")),
  }),
  // A day is 1,440 windows; what comes later than that is gold's.
  live: z.strictObject({
    recompute_minutes: z.int().min(1).max(1440),
    late_hours: z.int().min(1).max(24),
    minutes_per_statement: z.int().min(1).max(1440),
    namespaces: z.array(z.int().min(-3).max(5000)).min(1),
  }),
} as const;

export type RuleFile = keyof typeof ruleSchemas;
export type RevertPattern = z.infer<typeof revertPattern>;
export type WarningPattern = z.infer<typeof warningPattern>;
