import type { AthenaFaults } from "../../local/aws/athena/faults.ts";
import type { QueryRecord } from "../../local/aws/athena/query-record.ts";
import type { S3Call, S3Fault, S3Hooks } from "../../local/aws/s3/faults.ts";

/**
 * Steps of a commit as the services see them: the writer cannot tell that it is watched. Each is told after the service has
 * done its part and before the writer has the answer.
 */
export type Moment =
  /** The stage object is there. */
  | "staged"
  /** A marker is there. */
  | "marked"
  /** A slot is about to be read. */
  | "reading-slot"
  /** The slot is open and names no query. */
  | "opened"
  /** The slot names its query. */
  | "recorded"
  /** The slot is idle again. */
  | "closed"
  /** Athena has taken the statement on and told nobody. */
  | "accepted"
  /** The statement has taken effect and is not SUCCEEDED yet. */
  | "committed"
  /** A marker is gone. */
  | "unmarked";

/** As much of a slot as tells the steps apart. */
export type SlotText = { readonly epoch: number; readonly open: { readonly queryId: string | null } | null };

type Watch = {
  readonly moment: Moment;
  times: number;
  readonly act: () => Promise<S3Fault | undefined> | S3Fault | undefined;
};

export type Moments = ReturnType<typeof createMoments>;

/** The hooks of both services, and the means to act at a moment or to make Athena answer wrongly. */
export function createMoments(readSlot: (key: string) => Promise<SlotText | undefined>) {
  let watches: Watch[] = [];
  let athena: AthenaFaults = {};
  const insertions: QueryRecord[] = [];

  const reach = async (moment: Moment): Promise<S3Fault | undefined> => {
    const watch = watches.find((candidate) => candidate.moment === moment && candidate.times > 0);
    if (watch === undefined) return undefined;
    watch.times -= 1;
    return watch.act();
  };
  const isInsert = ({ sql }: Pick<QueryRecord, "sql">): boolean => sql.startsWith("INSERT");
  const afterPut = async ({ key = "" }: S3Call): Promise<S3Fault | undefined> => {
    if (key.startsWith("stage/raw_events/")) return reach("staged");
    if (key.startsWith("pending/")) return reach("marked");
    if (!key.startsWith("commit/")) return undefined;
    const slot = await readSlot(key);
    if (slot === undefined || slot.epoch === 0) return undefined; // just made
    if (slot.open === null) return reach("closed");
    return reach(slot.open.queryId === null ? "opened" : "recorded");
  };
  const s3: S3Hooks = {
    before: ({ operation, key = "" }) =>
      operation === "GetObject" && key.startsWith("commit/") ? reach("reading-slot") : undefined,
    after: (call, status) => {
      if (status >= 300) return undefined;
      if (call.operation === "PutObject") return afterPut(call);
      return call.operation === "DeleteObject" && call.key?.startsWith("pending/") ? reach("unmarked") : undefined;
    },
  };
  const hooks: AthenaFaults = {
    beforeStart: (query) => athena.beforeStart?.(query),
    forgetToken: (token) => athena.forgetToken?.(token) ?? false,
    dropResponse: (query) => athena.dropResponse?.(query) ?? false,
    delay: async (query) => {
      if (!isInsert(query)) return 0;
      insertions.push(query);
      void reach("accepted");
      return (await athena.delay?.(query)) ?? 0;
    },
    failBeforeEngine: (query) => (isInsert(query) ? athena.failBeforeEngine?.(query) : undefined),
    afterCommit: async (query) => {
      if (isInsert(query)) await reach("committed");
    },
    reportFailedAlthoughCommitted: (query) =>
      isInsert(query) ? athena.reportFailedAlthoughCommitted?.(query) : undefined,
  };
  return {
    s3,
    athena: hooks,
    /** Statements that Athena took on, oldest first. */
    insertions,
    /** Acts at the next such moment, or at the next `times` of them. */
    at: (moment: Moment, act: Watch["act"], times = 1): void => {
      watches.push({ moment, times, act });
    },
    /** Resolves at the next such moment, which waits for `release`. */
    hold: (moment: Moment): { readonly reached: Promise<void>; release(): void } => {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      watches.push({
        moment,
        times: 1,
        act: async () => {
          reached.resolve();
          await released.promise;
          return undefined;
        },
      });
      return { reached: reached.promise, release: released.resolve };
    },
    misbehave: (faults: AthenaFaults): void => {
      athena = faults;
    },
    reset: (): void => {
      watches = [];
      athena = {};
      insertions.length = 0;
    },
  };
}

/** Statements wait until `count` of them do, or until `maxMs`; then all run at once. */
export function together(count: number, maxMs: number): () => Promise<number> {
  const all = Promise.withResolvers<void>();
  let waiting = 0;
  return async () => {
    waiting += 1;
    if (waiting === 1) setTimeout(all.resolve, maxMs);
    if (waiting >= count) all.resolve();
    await all.promise;
    return 0;
  };
}
