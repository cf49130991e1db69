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

/** Athena keeps its history for 45 days; a laptop keeps a week of at most this many: a day of busy commits. */
const keepMs = 7 * 24 * 3_600_000;
export const keepQueries = 10_000;

type JournalDeps = { readonly stateDir: string; readonly now: () => number };

/**
 * The list of queries in `<stateDir>/runtime/athena/queries.ndjson`: one line when a query is accepted, before the engine
 * hears of it, one when it has ended. Shortened when it is opened. A last line cut off by a crash is dropped.
 */
export function openJournal({ stateDir, now }: JournalDeps): Journal {
  const file = join(stateDir, "runtime", "athena", "queries.ndjson");
  mkdirSync(dirname(file), { recursive: true });
  const entries = shorten(file, now());
  let lines = entries.length;
  return {
    entries,
    accepted: (query) => {
      lines += 1;
      // Rarely: reading the list again takes a moment in which nothing else happens.
      if (lines > 3 * keepQueries) lines = shorten(file, now()).length;
      appendFileSync(file, line({ accepted: query }));
    },
    finished: (query) => appendFileSync(file, line({ finished: query })),
  };
}

/** Rewrites the file with what is worth keeping. */
function shorten(file: string, at: number): JournalEntry[] {
  const entries = readEntries(file)
    .filter(({ accepted }) => accepted.submittedAt > at - keepMs)
    .slice(-keepQueries);
  const next = `${file}.next`;
  writeFileSync(next, entries.flatMap(linesOf).join(""));
  renameSync(next, file);
  return entries;
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
