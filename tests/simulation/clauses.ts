import type { BronzeWriterDeps } from "../../handlers/bronze-writer/deps.ts";
import type { ObjectStore } from "../../lib/lake/object-store.ts";
import type { StatementBuilder } from "../../lib/lake/statement.ts";
import type { DeliveryRules } from "../../shim/delivery-rules.ts";
import { deliveryRules } from "../../shim/delivery-rules.ts";
import type { ShimDeps } from "../../shim/run-shim.ts";
import type { Fault } from "./plan.ts";
import type { Scenario, Shape } from "./scenario.ts";
import type { Removal, RunOptions } from "./world.ts";

/** A clause of the protocol, and a kind of world in which a run without it goes wrong. */
export type Clause = {
  readonly name: string;
  readonly without: Removal;
  /** Faults of that world, with their chance a decision; nothing else goes wrong in it. */
  readonly rates: Readonly<Partial<Record<Fault, number>>>;
  readonly scenario?: Partial<Scenario>;
  readonly shape?: Shape;
  /** What is found without it. */
  readonly finds: RegExp;
};

const lost = /is lost|has passed/;
const doubled = /is there [2-9] times/;
const absent = /acknowledged and is in no table/;
const stuck = /not committed after/;

const rules =
  (change: (own: DeliveryRules) => Partial<DeliveryRules>): NonNullable<Removal["shim"]> =>
  (deps) => ({ ...deps, rules: { ...deliveryRules, ...change(deliveryRules) } });
const policy =
  (change: Partial<BronzeWriterDeps["policy"]>): NonNullable<Removal["writer"]> =>
  (deps) => ({ ...deps, policy: { ...deps.policy, ...change } });
/** Changes the text of the INSERTs, and of the counts that check them. */
const statements =
  (change: (sql: string) => string, isCountedSo = false): NonNullable<Removal["writer"]> =>
  (deps) => {
    const changed = ([table, { write, verify }]: [string, StatementBuilder]) =>
      [
        table,
        {
          write: (batches: Parameters<typeof write>[0]) => change(write(batches)),
          verify: (batches: Parameters<typeof write>[0]) => (isCountedSo ? change(verify(batches)) : verify(batches)),
        },
      ] as const;
    return {
      ...deps,
      target: { ...deps.target, tables: Object.fromEntries(Object.entries(deps.target.tables).map(changed)) },
    };
  };
const store =
  (change: (own: ObjectStore) => Partial<ObjectStore>): NonNullable<Removal["writer"]> =>
  (deps) => ({ ...deps, store: { ...deps.store, ...change(deps.store) } });

/** Rewrites what the shim asks the source for. */
const asking =
  (change: (entry: { topic: string; timestamp: number }) => object): NonNullable<Removal["shim"]> =>
  (deps) => ({
    ...deps,
    // as: the shim calls it with a URL and headers only
    fetch: ((url: URL, init: RequestInit) => {
      const headers = new Headers(init.headers);
      headers.set("last-event-id", JSON.stringify(JSON.parse(headers.get("last-event-id") ?? "[]").map(change)));
      return deps.fetch(url, { ...init, headers });
    }) as typeof fetch,
  });

const shimClauses: readonly Clause[] = [
  {
    name: "the mark is the end of the unbroken prefix, not the newest acknowledged",
    without: { shim: rules((own) => ({ createCursor: withNewestMark(own) })) },
    rates: { "kafka.failed": 0.05, "kafka.slow": 0.3, "shim.kill": 0.004 },
    finds: lost,
  },
  {
    // Each of the two makes up for the other: a pending event read again is tied to its first copy, or still in the list.
    name: "a reconnect continues the same list, and a repeat is done only when its first copy is",
    without: { shim: withListPerConnection },
    rates: { "kafka.slow": 0.4, "source.cut": 0.05, "source.end": 0.05, "kafka.failed": 0.1, "shim.kill": 0.005 },
    finds: lost,
  },
  {
    name: "each topic is asked for from its own mark",
    without: {
      shim: rules(({ askFrom }) => ({
        askFrom: (marks, floors, topics) => {
          const newest = Math.max(...marks.values());
          return askFrom(new Map(topics.map((topic) => [topic, newest])), floors, topics);
        },
      })),
    },
    rates: { "source.end": 0.05, "kafka.failed": 0.05 },
    scenario: { upAfterMs: 600_000 },
    shape: { isSwitched: true },
    finds: lost,
  },
  {
    name: "a resume goes back a minute",
    without: {
      shim: rules(({ askFrom }) => ({
        askFrom: (marks, floors, topics) => {
          const { at, fresh } = askFrom(marks, floors, topics);
          const moved = [...at].map(
            ([topic, ms]) => [topic, fresh.has(topic) ? ms : (marks.get(topic) ?? ms)] as const,
          );
          return { at: new Map(moved), fresh };
        },
      })),
    },
    rates: { "source.end": 0.1, "source.cut": 0.05 },
    finds: lost,
  },
  {
    name: "never from an offset of -1",
    without: {
      shim: asking(({ topic, timestamp }) =>
        topic.startsWith("codfw") ? { topic, partition: 0, offset: -1 } : { topic, partition: 0, timestamp },
      ),
    },
    rates: { "source.end": 0.05, "source.cut": 0.05, "shim.long-down": 0.1, "kafka.failed": 0.03 },
    finds: lost,
  },
  {
    name: "positions are the source's id times, never meta.dt",
    without: { source: { useDt: true } },
    rates: { "source.end": 0.1, "kafka.failed": 0.05 },
    shape: { isSkewed: true },
    finds: lost,
  },
  {
    name: "a start elsewhere than asked is a gap row",
    without: { shim: rules(() => ({ createGapTest: () => ({ first: () => undefined }) })) },
    rates: { "source.latest": 0.5, "source.end": 0.1, "source.cut": 0.05 },
    finds: lost,
  },
  {
    name: "the mark waits for the gap row",
    without: { shim: withGapRowsAside },
    rates: { "source.latest": 0.6, "source.end": 0.1, "source.cut": 0.05, "kafka.failed": 0.3 },
    finds: lost,
  },
  {
    name: "after a failed send the process stops and reads again",
    without: { shim: withFailuresIgnored },
    rates: { "kafka.failed": 0.1 },
    finds: lost,
  },
];

function withNewestMark({ createCursor }: DeliveryRules): DeliveryRules["createCursor"] {
  return (initial) => {
    const cursor = createCursor(initial);
    const newest = new Map(initial);
    const positions = new Map<object, ReadonlyMap<string, number>>();
    return {
      ...cursor,
      arrive: (at) => {
        const entry = cursor.arrive(at);
        positions.set(entry, at);
        return entry;
      },
      settle: (entry) => {
        cursor.settle(entry);
        for (const [topic, ms] of positions.get(entry) ?? []) newest.set(topic, Math.max(ms, newest.get(topic) ?? 0));
      },
      marks: () => newest,
    };
  };
}

/** A new connection forgets what the one before has not finished. The gap test is made anew with each connection. */
function withListPerConnection(deps: ShimDeps): ShimDeps {
  let current = deliveryRules.createCursor(new Map());
  const own: DeliveryRules = {
    ...deliveryRules,
    createSeenRing: withRepeatsDone(deliveryRules),
    createCursor: (initial) => {
      current = deliveryRules.createCursor(initial);
      return {
        arrive: (at) => current.arrive(at),
        repeat: (first, at) => current.repeat(first, at),
        settle: (entry) => current.settle(entry),
        marks: () => current.marks(),
        waiting: () => current.waiting(),
      };
    },
    createGapTest: (asked) => {
      current = deliveryRules.createCursor(current.marks());
      return deliveryRules.createGapTest(asked);
    },
  };
  return { ...deps, rules: own };
}

function withRepeatsDone({ createSeenRing }: DeliveryRules): DeliveryRules["createSeenRing"] {
  return <First>() => {
    const ring = createSeenRing<First>();
    // as: an entry that counts as done, which is all that a repeat looks at
    const done = { isDone: true, repeats: [], topics: [] } as unknown as First;
    return {
      ...ring,
      look: (id, nowMs) => {
        const seen = ring.look(id, nowMs);
        return seen === undefined ? undefined : { ...seen, first: done };
      },
    };
  };
}

function withGapRowsAside(deps: ShimDeps): ShimDeps {
  return {
    ...deps,
    writer: {
      send: async (topic, partition, batch) => {
        const sent = deps.writer.send(topic, partition, batch);
        if (!batch.records.some(({ key }) => key.toString() === "feed_gaps")) return sent;
        sent.catch(() => undefined);
        return { kind: "acked" };
      },
    },
  };
}

function withFailuresIgnored(deps: ShimDeps): ShimDeps {
  return {
    ...deps,
    writer: {
      send: (topic, partition, batch) =>
        deps.writer.send(topic, partition, batch).catch(() => ({ kind: "acked" as const })),
    },
  };
}

const bronzeClauses: readonly Clause[] = [
  {
    name: "a wait after a bad end, for a commit that still lands",
    without: { writer: policy({ settleMs: 0 }) },
    rates: { "athena.failed-committed": 0.6 },
    finds: doubled,
  },
  {
    name: "nothing is sent for an epoch older than five minutes",
    without: {
      writer: policy({ sendLimitMs: Number.POSITIVE_INFINITY, slotFreshMs: Number.POSITIVE_INFINITY }),
    },
    rates: {
      "athena.start-late": 0.5,
      "athena.start-lost": 0.6,
      "athena.slow": 0.5,
      "athena.throttled": 0.3,
      "lambda.kill": 0.02,
      "lambda.pause": 0.02,
    },
    finds: doubled,
  },
  {
    name: "an epoch without an id is given up after an hour, not sooner",
    without: { writer: policy({ sendLimitMs: 60_000, abandonMs: 60_000 }) },
    rates: { "athena.start-lost": 0.95, "athena.slow": 0.7, "lambda.kill": 0.02 },
    finds: doubled,
  },
  {
    name: "one slot for everything that writes bronze",
    without: {
      writer: (deps) => ({ ...deps, target: { ...deps.target, slotKey: `commit/${deps.newUuid()}.json` } }),
    },
    rates: { "mapping.twice": 0.5, "mapping.bisect": 0.3, "mapping.rebalance": 0.2 },
    finds: doubled,
  },
  {
    name: "the slot is changed only by If-Match",
    without: {
      writer: store((own) => ({
        putIfMatch: async (key, body) => {
          const known = await own.get(key);
          return known === undefined ? { kind: "refused" } : own.putIfMatch(key, body, known.etag);
        },
      })),
    },
    rates: {
      "mapping.twice": 0.4,
      "mapping.bisect": 0.4,
      "mapping.rebalance": 0.3,
      "s3.slow": 0.1,
      "lambda.pause": 0.01,
    },
    scenario: { pollers: 3, partitions: 4 },
    finds: /is there [2-9] times|acknowledged and is in no table/,
  },
  {
    name: "no two overlapping batches in one statement",
    without: { writer: policy({ collides: () => false }) },
    rates: { "mapping.bisect": 0.6, "mapping.twice": 0.6 },
    finds: doubled,
  },
  {
    name: "half of the suspects next",
    without: { writer: policy({ halveSuspects: false }) },
    rates: { "mapping.rebalance": 0.05 },
    shape: { isPoisoned: true },
    finds: stuck,
  },
  {
    name: "only rows that are in neither table",
    without: { writer: statements((sql) => sql.replaceAll(/AND NOT EXISTS[^\n]*/g, "")) },
    rates: { "mapping.bisect": 0.3, "mapping.shift": 0.3, "lambda.kill": 0.02 },
    finds: doubled,
  },
  {
    name: "a row in the other table counts as well",
    without: {
      writer: statements((sql) => {
        const own = /^INSERT INTO "[a-z]+"\."([a-z_]+)"/.exec(sql)?.[1] ?? "";
        return sql.replaceAll(/AND NOT EXISTS[^\n]*/g, (clause) => (clause.includes(`"${own}" t`) ? clause : ""));
      }),
    },
    rates: { "mapping.gives-up": 0.6, "athena.failed-committed": 0.4, "lambda.kill": 0.03, "athena.slow": 0.3 },
    finds: doubled,
  },
  {
    name: "event_id belongs to the identity",
    without: {
      writer: statements(
        (sql) =>
          sql
            .replaceAll(/AND \(t\.event_id = s\.event_id OR \([^)]*(?:\([^)]*\))?[^)]*\)\)/g, "")
            .replaceAll("AND t.event_id = s.event_id", ""),
        true,
      ),
    },
    rates: {},
    shape: { isRecreated: true },
    finds: absent,
  },
  {
    name: "the literals span every batch of the statement",
    without: {
      writer: statements((sql) =>
        sql.replaceAll(/kafka_offset BETWEEN (\d+) AND \d+/g, "kafka_offset BETWEEN $1 AND $1"),
      ),
    },
    rates: { "mapping.bisect": 0.3, "mapping.shift": 0.3, "lambda.kill": 0.02 },
    finds: doubled,
  },
  {
    name: "the token is the epoch's own",
    without: {
      writer: (deps) => ({
        ...deps,
        engine: {
          ...deps.engine,
          start: (request) => deps.engine.start({ ...request, token: `${deps.newUuid()}${request.token}` }),
        },
      }),
    },
    rates: { "athena.start-lost": 0.5, "athena.start-late": 0.3 },
    finds: doubled,
  },
  {
    name: "the query's id is written down",
    without: {
      writer: store((own) => ({
        putIfMatch: (key, body, etag) => {
          const slot = JSON.parse(new TextDecoder().decode(body));
          if (slot.open) slot.open.queryId = null;
          return own.putIfMatch(key, new TextEncoder().encode(JSON.stringify(slot)), etag);
        },
      })),
    },
    rates: { "athena.slow": 0.3 },
    finds: stuck,
  },
  {
    name: "inserted and present are held against what was staged",
    without: { writer: policy({ reconcile: false }) },
    rates: { "athena.short": 0.3 },
    finds: absent,
  },
  {
    name: "acknowledged only when the own markers are gone",
    without: { answer: () => ({ batchItemFailures: [] }) },
    rates: { "athena.slow": 0.3, "athena.conflict": 0.3, "s3.503": 0.1 },
    finds: absent,
  },
  {
    name: "of each partition the first that failed comes again",
    without: {
      answer: ({ batchItemFailures }) => ({
        batchItemFailures: batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => ({
          itemIdentifier: { partition, offset: offset + 1 },
        })),
      }),
    },
    rates: { "athena.slow": 0.3, "athena.conflict": 0.3 },
    finds: absent,
  },
];

export const clauses: readonly Clause[] = [...shimClauses, ...bronzeClauses];

/** The world in which a clause shows what it is for. */
export function worldOf({ scenario, shape, rates }: Clause): Pick<RunOptions, "scenario" | "shape"> {
  return { scenario: { ...scenario, rates }, ...(shape === undefined ? {} : { shape }) };
}
