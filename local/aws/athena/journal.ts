import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type AcceptedQuery, acceptedSchema, type FinishedQuery, finishedSchema } from "./query-record.ts";

const lineSchema = z.union([z.object({ accepted: acceptedSchema }), z.object({ finished: finishedSchema })]);

export type JournalEntry = { readonly accepted: AcceptedQuery; readonly finished: FinishedQuery | undefined };

export type Journal = {
  /** What earlier runs left, oldest first. */
  readonly entries: readonly JournalEntry[];
  accepted(query: AcceptedQuery): void;
  finished(query: FinishedQuery): void;
};

/** Athena keeps its history for 45 days; a laptop's disk keeps a week of at most this many. */
const keepMs = 7 * 24 * 3_600_000;
const keepQueries = 20_000;

type JournalDeps = { readonly stateDir: string; readonly now: () => number };

/**
 * The list of queries in `<stateDir>/runtime/athena/queries.ndjson`: one line when a query is accepted, before the engine
 * hears of it, one when it has ended. Shortened when it is opened. A last line cut off by a crash is dropped.
 */
export function openJournal({ stateDir, now }: JournalDeps): Journal {
  const file = join(stateDir, "runtime", "athena", "queries.ndjson");
  const entries = readEntries(file)
    .filter(({ accepted }) => accepted.submittedAt > now() - keepMs)
    .slice(-keepQueries);
  mkdirSync(dirname(file), { recursive: true });
  const next = `${file}.next`;
  writeFileSync(next, entries.flatMap(linesOf).join(""));
  renameSync(next, file);
  return {
    entries,
    accepted: (query) => appendFileSync(file, line({ accepted: query })),
    finished: (query) => appendFileSync(file, line({ finished: query })),
  };
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;

const linesOf = ({ accepted, finished }: JournalEntry): string[] => [
  line({ accepted }),
  ...(finished === undefined ? [] : [line({ finished })]),
];

function readEntries(file: string): JournalEntry[] {
  const entries = new Map<string, JournalEntry>();
  for (const text of readLines(file)) {
    const parsed = parse(text);
    if (parsed === undefined) continue;
    if ("accepted" in parsed) entries.set(parsed.accepted.id, { accepted: parsed.accepted, finished: undefined });
    else {
      const known = entries.get(parsed.finished.id);
      if (known !== undefined) entries.set(parsed.finished.id, { ...known, finished: parsed.finished });
    }
  }
  return [...entries.values()];
}

function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

function parse(text: string): z.infer<typeof lineSchema> | undefined {
  try {
    return lineSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // cut off by a crash; the query it told of is asked of nobody
  }
}
