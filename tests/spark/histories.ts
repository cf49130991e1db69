import { seededRandom } from "../support/seeded-random.ts";
import { edit } from "./fixtures.ts";
import type { Row } from "./harness/spark-harness.ts";

export type Delivery = { readonly row: Row; readonly batch: number };

const partitions = 3;
/** Histories share days in this many groups: a table partition a history would make the files the test. */
const dayGroups = 3;
const types = ["edit", "edit", "edit", "edit", "new", "log", "categorize", "external"] as const;
const users = ["Ada", "Bob", "192.0.2.7", "~2026-1-2", "2001:db8::7"] as const;
/** The first histories are of wikis in scope: what only those count is covered too. */
const inScope = ["en", "de", "fr", "ja", "ru", "ar"] as const;
/** Pages of a history: few, so that edits follow each other. */
const pages = 6;

/**
 * Deliveries of `count` histories that lie side by side, each with a domain of its own: late, out of order,
 * delivered again (before or after the copy that wins), cut into `batches` batches. Offsets have no hole.
 */
export function histories(seed: number, count: number, batches: number): readonly (readonly Row[])[] {
  const random = seededRandom(seed);
  const deliveries = Array.from({ length: count }, (_, n) => history(random, n, batches)).flat();
  const next = Array.from({ length: partitions }, () => 0);
  return Array.from({ length: batches }, (_, batch) =>
    deliveries
      .filter((delivery) => delivery.batch === batch)
      .map(({ row }) => {
        const partition = pick(random, [0, 1, 2]);
        const offset = next[partition] ?? 0;
        next[partition] = offset + 1;
        return { ...row, kafka_partition: partition, kafka_offset: offset };
      }),
  );
}

function history(random: () => number, number: number, batches: number): readonly Delivery[] {
  const day = Date.UTC(2026, 0, 1) + (number % dayGroups) * 3 * 86_400_000;
  const language = inScope[number] ?? `h${number}`;
  const wiki = { domain: `${language}.wikipedia.org`, wiki: `${language}wiki` };
  const count = 5 + Math.floor(random() * 25);
  const times = Array.from({ length: count }, () => day + Math.floor(random() * 2 * 86_400_000)).sort((a, b) => a - b);
  const heads = new Map<string, readonly PageState[]>();
  return times.flatMap((at) => {
    const { comment, ...row } = anEvent(random, heads);
    const copies = random() < 0.3 ? 1 + Math.floor(random() * 3) : 1;
    const event = { ...row, ...wiki, event_timestamp: new Date(at).toISOString().replace("Z", "") };
    const stamped = edit({ ...event, bronze_processed_at: "2026-11-20T12:00:09.000" });
    // Copies may say different things: which one wins decides whether the edit is a revert.
    const said = (copy: number): string => (copy > 0 && random() < 0.3 ? "because" : String(comment));
    return Array.from({ length: copies }, (_, copy) => ({
      row: { ...stamped, kafka_timestamp: kafkaTime(random), comment: `${said(copy)} copy ${copy}` },
      batch: Math.floor(random() * batches),
    }));
  });
}

/** Few values: ties between copies are what the order of partition and offset is for. */
const kafkaTime = (random: () => number): string => `2026-11-20T12:00:0${Math.floor(random() * 4)}.000`;

type PageState = { readonly revision: number; readonly length: number; readonly user: string };

/** A row without time and wiki. Edits of a page go on from the one before; a few undo it, by summary, bytes or both. */
function anEvent(random: () => number, heads: Map<string, readonly PageState[]>): Row {
  const type = pick(random, types);
  const user = pick(random, users);
  const common = {
    event_type: type,
    // A few are hidden; the bronze gate wants a name on nineteen of twenty.
    user: random() < 0.02 ? null : user,
    comment: pick(random, ["because", "", "/* History */"]),
    is_bot: random() < 0.2,
    is_minor: random() < 0.3,
  };
  if (type !== "edit" && type !== "new") return { ...common, ...notAnEdit(random, user) };
  const isWarning = type === "edit" && random() < 0.1;
  const namespace = isWarning ? 3 : pick(random, [0, 0, 1, 4]);
  const title = isWarning ? `User talk:${pick(random, users)}` : `Page ${namespace}-${Math.floor(random() * pages)}`;
  const states = heads.get(title) ?? [];
  const parent = states.at(-1);
  const before = states.at(-2);
  const isUndo = type === "edit" && parent !== undefined && before !== undefined && random() < 0.4;
  const state = {
    revision: (parent?.revision ?? 1000) + 1 + Math.floor(random() * 3),
    length: isUndo && random() < 0.8 ? before.length : Math.floor(random() * 70_000),
    user,
  };
  heads.set(title, [...states, state]);
  const summary = isUndo && random() < 0.6 ? undid(parent) : isWarning ? "Caution: Unconstructive editing:" : undefined;
  return {
    ...common,
    ...(summary === undefined ? {} : { comment: summary }),
    namespace,
    title,
    revision_old: type === "new" ? null : (parent?.revision ?? 1000),
    revision_new: state.revision,
    length_old: parent?.length ?? Math.floor(random() * 9000),
    length_new: state.length,
  };
}

const undid = ({ revision, user }: PageState): string =>
  `Undid revision ${revision} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`;

/** Logs of new accounts and filter hits among the rest. */
function notAnEdit(random: () => number, user: string): Row {
  const none = { length_old: null, length_new: null, revision_old: null, revision_new: null };
  const page = { namespace: pick(random, [0, 2, 14]), title: `Page ${Math.floor(random() * pages)}` };
  const action = pick(random, ["warn", "disallow", "tag"]);
  const log = pick(random, [
    { log_type: "newusers", log_action: "create", log_params: `{"userid":1}`, title: `User:${user}` },
    { log_type: "abusefilter", log_action: "hit", log_params: `{"filter":"7","actions":"${action}"}` },
    {},
  ]);
  return { ...none, ...page, ...log };
}

const pick = <T>(random: () => number, values: readonly T[]): T => {
  const found = values[Math.floor(random() * values.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
};

/** The copy that must win, by event id: smallest (kafka time, partition, offset). */
export function winners(rows: readonly Row[]): ReadonlyMap<string, Row> {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const id = String(row["event_id"]);
    const held = found.get(id);
    if (held === undefined || compare(row, held) < 0) found.set(id, row);
  }
  return found;
}

function compare(a: Row, b: Row): number {
  const times = String(a["kafka_timestamp"]).localeCompare(String(b["kafka_timestamp"]));
  const parts = Number(a["kafka_partition"]) - Number(b["kafka_partition"]);
  return times || parts || Number(a["kafka_offset"]) - Number(b["kafka_offset"]);
}

export type HourTotals = {
  readonly total_events: number;
  readonly total_edits: number;
  readonly unique_users: number;
  readonly unique_pages: number;
  readonly bytes_added: number;
  readonly bytes_removed: number;
  readonly bot_edits: number;
};

/** hour and domain → numbers counted from the deliveries alone, in another language than the one under test. */
export function recount(rows: Iterable<Row>): ReadonlyMap<string, HourTotals> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${String(row["event_timestamp"]).slice(0, 13).replace("T", " ")} ${String(row["domain"])}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return new Map([...groups].map(([key, group]) => [key, totals(group)]));
}

function totals(group: readonly Row[]): HourTotals {
  const edits = group.filter((row) => row["event_type"] === "edit" || row["event_type"] === "new");
  const deltas = edits.map(
    (row) => Number(row["length_new"]) - (row["event_type"] === "new" ? 0 : Number(row["length_old"])),
  );
  const people = group.flatMap((row) => (typeof row["user"] === "string" ? [row["user"]] : []));
  const sum = (values: readonly number[]): number => values.reduce((left, right) => left + right, 0);
  return {
    total_events: group.length,
    total_edits: edits.length,
    unique_users: new Set(people).size,
    unique_pages: new Set(edits.map((row) => `${String(row["wiki"])}\u0000${String(row["title"])}`)).size,
    bytes_added: sum(deltas.filter((delta) => delta > 0)),
    bytes_removed: sum(deltas.filter((delta) => delta < 0).map(Math.abs)),
    bot_edits: edits.filter((row) => row["is_bot"] === true).length,
  };
}

/** The same numbers as a gold row has them. */
export const goldTotals = (row: Row): readonly [string, HourTotals] => [
  `${String(row["stat_date"])} ${String(row["stat_hour"]).padStart(2, "0")} ${String(row["domain"])}`,
  {
    total_events: Number(row["total_events"]),
    total_edits: Number(row["total_edits"]),
    unique_users: Number(row["unique_users"]),
    unique_pages: Number(row["unique_pages"]),
    bytes_added: Number(row["bytes_added"]),
    bytes_removed: Number(row["bytes_removed"]),
    bot_edits: Number(row["bot_edits"]),
  },
];
