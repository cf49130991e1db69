import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { permanentError, transientError } from "../../../../lib/lake/errors.ts";
import type { QueryEngine, QueryResult, QueryStatus, StatementRequest } from "../../../../lib/lake/query-engine.ts";
import type { Bucket } from "./fake-store.ts";
import type { SimProcess } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";

export type Row = {
  readonly row_kind: string;
  readonly kafka_topic: string;
  readonly kafka_partition: number;
  readonly kafka_offset: number;
  readonly event_id: string | null;
};
export type Tables = { readonly raw_events: Row[]; readonly dead_letter: Row[] };
type TableName = keyof Tables;

export type EngineFaults = {
  /** Chance, per call, of an answer that says "not now", before anything happened. */
  readonly throttle: number;
  readonly loseReply: number;
  /** Chance that a request to start lies somewhere for minutes (below the five that its signature lasts) and then arrives. */
  readonly slowStart: number;
  /** Chance that a statement fails and leaves nothing. */
  readonly fail: number;
  /** Chance that a statement is reported FAILED and its commit lands within 50 s all the same. */
  readonly failCommitted: number;
  /** Offsets that no statement can take. */
  readonly poison: ReadonlySet<number>;
  /** How long statements run, ms. */
  readonly runMs: readonly number[];
  /** Until then every start is refused: an outage. */
  readonly outageUntilMs: number;
};

type Query = {
  readonly request: StatementRequest;
  readonly startedAtMs: number;
  readonly endsAtMs: number;
  readonly state: "SUCCEEDED" | "FAILED";
  readonly failure: "data" | "environment" | undefined;
  result: QueryResult;
};

/** Athena remembers a token for at least this long; the fake forgets it right after. */
const tokenMs = 10 * 60_000;

export type FakeAthena = {
  readonly tables: Tables;
  readonly queries: Map<string, Query>;
  connect(process: Pick<SimProcess, "step">): QueryEngine;
};

/**
 * Statements read what is committed when they begin and append when they end: two that run at once do not see each
 * other, and both commit, as Iceberg appends do.
 */
export function createFakeAthena(
  scheduler: Scheduler,
  bucket: Bucket,
  random: () => number,
  faults: EngineFaults,
): FakeAthena {
  const tables: Tables = { raw_events: [], dead_letter: [] };
  const queries = new Map<string, Query>();
  const tokens = new Map<string, { readonly queryId: string; readonly atMs: number }>();
  const staged = new Map<string, readonly Row[]>();

  const begin = async (request: StatementRequest): Promise<string> => {
    const known = tokens.get(request.token);
    if (known !== undefined && scheduler.now() - known.atMs < tokenMs) {
      if (JSON.stringify(queries.get(known.queryId)?.request) === JSON.stringify(request)) return known.queryId;
      throw permanentError("fake start", new Error("token used with other parameters"));
    }
    const queryId = `q${queries.size + 1}`;
    tokens.set(request.token, { queryId, atMs: scheduler.now() });
    const statement = parseStatement(request.sql);
    const source = (await Promise.all(statement.ids.map((id) => load(id)))).flat();
    const rows = source.filter(({ row_kind }) => row_kind === statement.kind);
    const absent = rows.filter((row) => !isIn(tables.raw_events, row) && !isIn(tables.dead_letter, row));
    const runMs = (faults.runMs[Math.floor(random() * faults.runMs.length)] ?? 1000) * (0.5 + random());
    const isPoisoned = statement.table === "raw_events" && rows.some((row) => faults.poison.has(row.kafka_offset));
    const isFailed = isPoisoned || random() < faults.fail;
    const isFailedCommitted = !isPoisoned && random() < faults.failCommitted;
    const now = scheduler.now();
    const query: Query = {
      request,
      startedAtMs: now,
      endsAtMs: now + runMs,
      state: isFailed || isFailedCommitted ? "FAILED" : "SUCCEEDED",
      failure: isPoisoned ? "data" : "environment",
      result: { updateCount: absent.length, rows: [[String(rows.length), String(absent.length)]] },
    };
    queries.set(queryId, query);
    if (statement.verb === "write" && (query.state === "SUCCEEDED" || isFailedCommitted)) {
      const landsInMs = runMs + (isFailedCommitted ? random() * 50_000 : 0);
      void scheduler.sleep(landsInMs).then(() => tables[statement.table].push(...absent));
    }
    return queryId;
  };

  const load = async (id: string): Promise<readonly Row[]> => {
    const known = staged.get(id);
    if (known !== undefined) return known;
    const body = bucket.objects.get(`stage/raw_events/batch=${id}/part-0.parquet`)?.body;
    if (body === undefined) return [];
    const rows = await parquetReadObjects({
      file: body.slice().buffer,
      columns: ["row_kind", "kafka_topic", "kafka_partition", "kafka_offset", "event_id"],
      compressors: { ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdDecompressSync(bytes)) },
    });
    const typed = rows.map((row) => ({ ...row, kafka_offset: Number(row["kafka_offset"]) })) as unknown as Row[]; // as: our own file
    staged.set(id, typed);
    return typed;
  };

  return {
    tables,
    queries,
    connect: (process) => {
      const reply = async <T>(effect: () => T | Promise<T>): Promise<T> => {
        await process.step();
        if (random() < faults.throttle) throw transientError("fake", new Error("throttled"));
        const value = await effect();
        await process.step();
        if (random() < faults.loseReply) throw transientError("fake", new Error("reply lost"));
        return value;
      };
      return {
        start: (request) =>
          reply(async () => {
            if (scheduler.now() < faults.outageUntilMs) throw transientError("fake", new Error("outage"));
            if (random() >= faults.slowStart) return { queryId: await begin(request) };
            // The caller's connection breaks now; the request arrives later.
            void scheduler.sleep(random() * 290_000).then(() => begin(request));
            throw transientError("fake", new Error("timeout"));
          }),
        status: (queryId) => reply(() => statusOf(queries.get(queryId), scheduler.now())),
        result: (queryId) => reply(() => queries.get(queryId)?.result ?? { updateCount: undefined, rows: [] }),
        stop: () => reply(() => undefined),
      };
    },
  };
}

function statusOf(query: Query | undefined, nowMs: number): QueryStatus | undefined {
  if (query === undefined) return undefined;
  const isOver = nowMs >= query.endsAtMs;
  return {
    state: isOver ? query.state : "RUNNING",
    completedAtMs: isOver ? query.endsAtMs : undefined,
    errorCode: undefined,
    failure: isOver && query.state === "FAILED" ? query.failure : undefined,
  };
}

type Statement = {
  readonly verb: "write" | "verify";
  readonly table: TableName;
  readonly kind: string;
  readonly ids: readonly string[];
};

function parseStatement(sql: string): Statement {
  const kind = /s\.row_kind = '([a-z_]+)'/.exec(sql)?.[1] ?? "";
  const list = /s\.batch IN \(([^)]*)\)/.exec(sql)?.[1] ?? "";
  const ids = [...list.matchAll(/'([0-9a-f]{64})'/g)].map(([, id = ""]) => id);
  if (ids.length === 0) throw new Error(`fake engine cannot read ${sql.slice(0, 80)}`);
  const table = kind === "event" ? "raw_events" : "dead_letter";
  return { verb: sql.startsWith("INSERT INTO") ? "write" : "verify", table, kind, ids };
}

function isIn(table: readonly Row[], row: Row): boolean {
  return table.some(
    (other) =>
      other.kafka_topic === row.kafka_topic &&
      other.kafka_partition === row.kafka_partition &&
      other.kafka_offset === row.kafka_offset &&
      (other.event_id === row.event_id || other.event_id === null || row.event_id === null),
  );
}
