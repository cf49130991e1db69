/** Faults that a test asks of the next batch of a mapping. Each acts once unless said otherwise. */
export type MappingFaults = {
  /** The acknowledgement of the next batch is lost: it is delivered again with the same records. */
  deliverTwice(): void;
  /** The next batch goes to two children at the same time. */
  deliverConcurrently(): void;
  /** Batches hold at most this many records until undone with undefined: redelivery with other boundaries. */
  limitBatch(records: number | undefined): void;
  /** SIGKILL of the child of the next invocation, `afterMs` after it has the event. */
  killHandler(afterMs: number): void;
  /** The group rebalances while batches are in flight: everything uncommitted is fetched and delivered again. */
  rebalance(): Promise<void>;
};

export type FaultState = {
  copies: "one" | "twice" | "concurrent";
  batchLimit: number | undefined;
  killAfterMs: number | undefined;
};

export const noFaults = (): FaultState => ({ copies: "one", batchLimit: undefined, killAfterMs: undefined });

/** The switches over the state that the next batch looks at. */
export function mappingFaults(state: FaultState, rebalance: () => Promise<void>): MappingFaults {
  return {
    deliverTwice: () => {
      state.copies = "twice";
    },
    deliverConcurrently: () => {
      state.copies = "concurrent";
    },
    limitBatch: (records) => {
      state.batchLimit = records;
    },
    killHandler: (afterMs) => {
      state.killAfterMs = afterMs;
    },
    rebalance,
  };
}
