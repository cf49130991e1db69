import type { BronzeWriterDeps } from "../../handlers/bronze-writer/deps.ts";
import { transientError } from "../../lib/lake/errors.ts";
import type { ObjectStore } from "../../lib/lake/object-store.ts";
import type { QueryEngine } from "../../lib/lake/query-engine.ts";
import { absent, type Clause, doubled, stuck } from "./clause.ts";
import type { Removal } from "./world.ts";

const policy =
  (change: Partial<BronzeWriterDeps["policy"]>): NonNullable<Removal["writer"]> =>
  (deps) => ({ ...deps, policy: { ...deps.policy, ...change } });
const store =
  (change: (own: ObjectStore) => Partial<ObjectStore>): NonNullable<Removal["writer"]> =>
  (deps) => ({ ...deps, store: { ...deps.store, ...change(deps.store) } });

const engine =
  (change: (own: QueryEngine) => Partial<QueryEngine>): NonNullable<Removal["writer"]> =>
  (deps) => ({ ...deps, engine: { ...deps.engine, ...change(deps.engine) } });
const unsure = (error: unknown): never => {
  throw transientError("a start", error);
};
/** Long enough for an epoch that is given up after an hour, short enough not to watch a wedge for a day. */
const stuckSoon = { committedWithinMs: 3 * 60 * 60_000 };

export const slotClauses: readonly Clause[] = [
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
    scenario: stuckSoon,
    finds: stuck,
  },
  {
    name: "an epoch is free at once when every request to start it was refused",
    without: { writer: engine((own) => ({ start: (request) => own.start(request).catch(unsure) })) },
    rates: { "athena.refused": 1 },
    // An epoch that waits for its hour is still open then.
    scenario: { committedWithinMs: 40 * 60_000 },
    shape: { isPoisoned: false },
    finds: stuck,
  },
  {
    name: "one refusal says nothing of the other requests",
    without: { writer: policy({ countSends: false }) },
    rates: { "athena.start-lost": 0.5, "athena.start-late": 0.3, "athena.refused": 0.4, "athena.slow": 0.5 },
    finds: doubled,
  },
];

export const groupClauses: readonly Clause[] = [
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
    scenario: stuckSoon,
    finds: stuck,
  },
  {
    name: "a marker that is gone is looked up in a slot read after the listing",
    without: { writer: policy({ rereadGone: false }) },
    rates: { "mapping.twice": 0.9, "s3.stuck": 0.08 },
    scenario: { timeoutMs: 14 * 60_000, batchSize: 40 },
    shape: { isPoisoned: true },
    finds: absent,
  },
  {
    name: "a row alone is tried again before it is given up",
    without: { writer: policy({ triesAlone: 1 }) },
    rates: { "athena.bad-read": 0.5 },
    finds: /is a dead letter without a cause/,
  },
  {
    name: "a dead letter that failed alone leaves quarantine again",
    without: { writer: policy({ paroleMs: Number.POSITIVE_INFINITY }) },
    rates: { "athena.short": 0.95 },
    scenario: stuckSoon,
    finds: stuck,
  },
];
