import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { WikilakeError } from "../lib/platform/errors.ts";
import { checkSourceUrl } from "../lib/sse/source-url.ts";

/** The feed's two topics, one for each data centre; both are resumed, whichever is active. */
const feedTopics = "eqiad.mediawiki.recentchange,codfw.mediawiki.recentchange";
/** Wikimedia answers 403 without a descriptive agent: program, version, contact, library. */
const defaultUserAgent = "wikilake/0.1 (https://github.com/wikilake/wikilake) node";

const text = z.string().trim().min(1);
const list = text.transform((value) => value.split(",").map((part) => part.trim()));
const count = z.coerce.number().int().positive();

const filterSchema = z.strictObject({
  namespaces: z.array(z.int()).optional(),
  types: z.array(text).optional(),
  domains: z.array(text).optional(),
});
/** What to take when the small set-up's filter is on: an event that fails one of the lists is left out, uncounted. */
export type IngestFilter = z.infer<typeof filterSchema>;

const filterText = text.transform((value, context) => {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    context.addIssue({ code: "custom", message: "expected JSON" });
    return z.NEVER;
  }
});

const environmentSchema = z.object({
  STAGE: text,
  CLUSTER_ARN: text,
  RAW_TOPIC: text,
  DLQ_TOPIC: text,
  OPS_TOPIC: text,
  STAGE_BUCKET: text,
  SOURCE_URL: text,
  SOURCE_KIND: z.enum(["live", "replay"]),
  AWS_REGION: text,
  /** Topics of the source, comma between. */
  SOURCE_TOPICS: list.default(feedTopics.split(",")),
  /** Where to start without any cursor: the oldest time allowed, now, or an instant. */
  SOURCE_START: z.union([z.enum(["oldest", "now"]), z.iso.datetime({ offset: true })]).default("oldest"),
  /** Events a second, for a file. */
  SOURCE_RATE: z.coerce.number().positive().optional(),
  /** Ends after so many accepted or rejected events. */
  SOURCE_LIMIT: count.optional(),
  /** How long the source keeps events; 7 days is the least that Wikimedia promises. */
  SOURCE_RETENTION_HOURS: z.coerce
    .number()
    .positive()
    .default(7 * 24),
  USER_AGENT: text.default(defaultUserAgent),
  KEY_MODE: z.enum(["page", "server_name", "event_id"]).default("page"),
  INGEST_FILTER: filterText.pipe(filterSchema).optional(),
  /** A batch waits this long for company: half of what a producer may add to the delay. */
  LINGER_MS: z.coerce.number().int().min(0).max(10_000).default(50),
  /** Unacknowledged bytes above which the source is paused: 9,000 events, one batch in flight for each of 12 partitions. */
  BUFFER_BYTES: count.default(12 * 1_048_576),
  HEALTH_FILE: text.default(join(tmpdir(), "wikilake-shim-healthy")),
  LOG_LEVEL: z.enum(["DEBUG", "INFO", "WARN", "ERROR"]).default("INFO"),
});

export type Source =
  | { readonly kind: "stream"; readonly url: URL }
  | { readonly kind: "file"; readonly path: string; readonly rate: number | undefined };
export type ShimConfig = Readonly<z.infer<typeof environmentSchema>> & { readonly source: Source };

/**
 * Reads the environment once. Empty variables count as absent; all problems are reported together.
 *
 * @throws WikilakeError SHIM_CONFIG_INVALID, or SOURCE_URL_REFUSED
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ShimConfig {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ""));
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    throw new WikilakeError("SHIM_CONFIG_INVALID", problems, { retriable: false });
  }
  return { ...parsed.data, source: readSource(parsed.data) };
}

function readSource(config: z.infer<typeof environmentSchema>): Source {
  if (!config.SOURCE_URL.startsWith("file:")) return { kind: "stream", url: checkSourceUrl(config.SOURCE_URL) };
  if (config.SOURCE_KIND === "live") {
    const message = "SOURCE_KIND: a file is a replay, the age limits of live events do not hold for it";
    throw new WikilakeError("SHIM_CONFIG_INVALID", message, { retriable: false });
  }
  return { kind: "file", path: fileURLToPath(config.SOURCE_URL), rate: config.SOURCE_RATE };
}
