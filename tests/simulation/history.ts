import { recordHeaders } from "../../lib/core/record-headers.ts";
import { rewindMs } from "../../lib/core/resume.ts";
import type { ShimEnd } from "../../shim/run-shim.ts";
import type { FakeAthena } from "./fake-athena.ts";
import type { FakeBroker, LogRecord } from "./fake-broker.ts";
import type { FakeSource, SourceEvent } from "./fake-source.ts";
import { judgeTables, placeOf, rowsOf } from "./judge-tables.ts";
import type { StageReader } from "./stage-reader.ts";

type Gap = { readonly topic: string; readonly fromMs: number; readonly toMs: number; readonly kind: string };
type Counts = Readonly<Record<string, number>>;

/** Keeps book of everything that happened, judges it as it happens, and once more at the end. */
export type History = {
  appended(records: readonly LogRecord[]): void;
  /** Marks were written down: nothing behind them will be asked for again. */
  marked(marks: Counts, where: string): void;
  acknowledged(records: readonly LogRecord[]): void;
  shimEnded(name: string, end: ShimEnd): void;
  metric(name: string, value: number): void;
  staged(id: string, rows: number): void;
  /** Events that are neither stored nor on the gap ledger. */
  unsafe(): readonly SourceEvent[];
  /** What was found wrong so far. */
  found(): readonly string[];
  /** Everything that is wrong at the end, in words. */
  judge(): Promise<readonly string[]>;
};

type Parts = {
  readonly source: FakeSource;
  readonly broker: FakeBroker;
  readonly athena: FakeAthena;
  readonly stage: StageReader;
  readonly now: () => number;
  readonly startMs: number;
  readonly trace: (line: string) => void;
};

/** More of the same tell nothing new. */
const maxProblems = 20;

export function createHistory({ source, broker, athena, stage, now, startMs, trace }: Parts): History {
  const problems = new Set<string>();
  const ids = new Set<string>();
  const texts = new Set<string>();
  const gaps: Gap[] = [];
  const minutes = new Map<string, Record<string, number>>();
  const appendedBy = new Map<string, number>();
  const metrics = new Map<string, number>();
  const stagedRows = new Map<string, number>();
  /** Events of each topic before this index are known to be safe. */
  const safeUpTo = new Map<string, number>();
  const problem = (text: string): void => {
    if (problems.size >= maxProblems || problems.has(text)) return;
    problems.add(text);
    trace(`PROBLEM ${text}`);
  };
  const isSafe = (one: SourceEvent): boolean =>
    one.kind === "canary" ||
    source.hidden.has(one) ||
    ids.has(one.key) ||
    texts.has(one.data) ||
    gaps.some((gap) => covers(gap, one));

  const marked = (marks: Counts, where: string): void => {
    for (const [topic, mark] of Object.entries(marks)) {
      const log = source.logs.get(topic) ?? [];
      const end = source.resumeIndex(topic, mark - rewindMs);
      let index = safeUpTo.get(topic) ?? 0;
      for (let one = log[index]; one !== undefined && index < end && isSafe(one); one = log[index]) index += 1;
      safeUpTo.set(topic, index);
      const lost = index < end ? log[index] : undefined;
      if (lost !== undefined) problem(`a mark of ${where} has passed ${lost.key}, which is not stored`);
    }
  };
  const learn = ({ topic, value }: LogRecord): void => {
    const json = JSON.parse(value.toString());
    if (topic === "raw-events") return void ids.add(json.meta.id);
    if (topic === "dlq-events") {
      if (json.event_id !== undefined) ids.add(json.event_id);
      return void texts.add(Buffer.from(json.raw_base64, "base64").toString());
    }
    const { kind, row } = json;
    if (kind === "feed_gaps") {
      gaps.push({
        topic: row.source_topic,
        kind: row.kind,
        fromMs: Date.parse(row.gap_start),
        toMs: Date.parse(row.gap_end),
      });
    } else if (kind === "ingest_minutes") countMinute(row);
  };
  const countMinute = (row: Record<string, number> & { shim_epoch: string }): void => {
    const { received = 0, canaries = 0, duplicates = 0, acked = 0, rejected = 0 } = row;
    if (received !== canaries + duplicates + acked + rejected) problem(`a minute of ${row.shim_epoch} does not add up`);
    const sums = minutes.get(row.shim_epoch) ?? { received: 0, acked: 0, rejected: 0, canaries: 0, duplicates: 0 };
    for (const field of Object.keys(sums)) sums[field] = (sums[field] ?? 0) + (row[field] ?? 0);
    minutes.set(row.shim_epoch, sums);
  };

  return {
    marked,
    appended: (records) => {
      for (const record of records) {
        const cursor = record.headers[recordHeaders.cursor];
        // The mark was true before this batch was stored.
        if (cursor !== undefined) marked(JSON.parse(cursor), `a record of ${record.from}`);
      }
      for (const record of records) {
        learn(record);
        const by = `${record.from} ${record.topic}`;
        appendedBy.set(by, (appendedBy.get(by) ?? 0) + 1);
      }
    },
    acknowledged: (records) => {
      for (const record of records) {
        if (rowsOf(athena, record).length === 0) problem(`${placeOf(record)} was acknowledged and is in no table`);
      }
    },
    shimEnded: (name, { totals }) => {
      const { received, accepted, rejected, dropped, duplicates, filtered } = totals;
      if (received !== accepted + rejected + dropped + duplicates) problem(`${name}: its totals do not add up`);
      if (filtered !== 0) problem(`${name}: left out ${filtered} events`);
      const sent = [appendedBy.get(`${name} raw-events`) ?? 0, appendedBy.get(`${name} dlq-events`) ?? 0];
      if (sent[0] !== accepted || sent[1] !== rejected) {
        problem(`${name}: counted ${accepted} and ${rejected} acknowledgements, the broker has ${sent.join(" and ")}`);
      }
      const sums = minutes.get(name) ?? {};
      for (const [field, total] of Object.entries({
        received,
        acked: accepted,
        rejected,
        canaries: dropped,
        duplicates,
      })) {
        if ((sums[field] ?? 0) !== total)
          problem(`${name}: its minutes have ${sums[field]} ${field}, its totals ${total}`);
      }
    },
    metric: (name, value) => void metrics.set(name, (metrics.get(name) ?? 0) + value),
    staged: (id, rows) => void stagedRows.set(id, rows),
    unsafe: () => [...source.logs.values()].flat().filter((one) => one.atMs <= now() && !isSafe(one)),
    found: () => [...problems],
    judge: async () => {
      for (const log of source.logs.values()) {
        for (const one of log) if (!isSafe(one)) problem(`${one.key} of ${one.topic} is lost`);
      }
      if (!source.hasSkipped()) {
        for (const { topic, kind, fromMs } of gaps) {
          // Of a topic that never had an event nobody can tell silence from a gap: then it is said to be one.
          if (fromMs > startMs) problem(`a gap (${kind}) of ${topic} was written, and there is none`);
        }
      }
      judgeTables(broker.history, athena, problem);
      for (const [id, rows] of stagedRows) {
        const found = (await stage.read(id)).length;
        if (found !== rows) problem(`batch ${id.slice(0, 8)} says ${rows} rows and has ${found}`);
      }
      const sum = (name: string): number => metrics.get(name) ?? 0;
      if (sum("RecordsReceived") !== sum("RecordsAccepted") + sum("RecordsRejected"))
        problem("the writers' counts do not add up");
      return [...problems];
    },
  };
}

/** Ids say a millisecond more than the event's time: a gap's ends do so too. */
function covers({ topic, fromMs, toMs }: Gap, one: SourceEvent): boolean {
  return topic === one.topic && fromMs - 1 <= one.ts && one.ts <= toMs;
}
