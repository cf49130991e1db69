import { type DeliveryRules, deliveryRules } from "../../shim/delivery-rules.ts";
import type { ShimDeps } from "../../shim/run-shim.ts";
import { type Clause, lost } from "./clause.ts";
import type { Removal } from "./world.ts";

const rules =
  (change: (own: DeliveryRules) => Partial<DeliveryRules>): NonNullable<Removal["shim"]> =>
  (deps) => ({ ...deps, rules: { ...deliveryRules, ...change(deliveryRules) } });
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

export const shimClauses: readonly Clause[] = [
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
    without: { shim: rules(() => ({ createGapTest: () => ({ first: () => [] }) })) },
    rates: { "source.latest": 0.5, "source.end": 0.1, "source.cut": 0.05 },
    finds: lost,
  },
  {
    name: "a late first start is a gap of each topic",
    without: {
      shim: rules(({ createGapTest }) => ({
        createGapTest: (asked) => {
          const own = createGapTest(asked);
          return { first: (topic, ms) => own.first(topic, ms).filter((gap) => gap.topic === topic) };
        },
      })),
    },
    rates: { "source.latest": 0.6 },
    scenario: { upAfterMs: 150_000 },
    shape: { isSwitched: true },
    finds: lost,
  },
  {
    name: "the mark waits for the gap row",
    without: { shim: withGapRowsAside },
    rates: { "source.latest": 0.6, "source.end": 0.2, "source.cut": 0.05, "kafka.failed": 0.5 },
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
