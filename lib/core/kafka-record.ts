/** One record as a mapping delivered it. Keys are not kept: nothing downstream reads them. */
export type KafkaRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the broker appended it, milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly value: Uint8Array;
  /** Headers by name, decoded as UTF-8; of a repeated name the last one counts. */
  readonly headers: Readonly<Record<string, string>>;
};
