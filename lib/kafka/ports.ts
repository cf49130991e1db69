/** A record as it goes to the broker. Header values are UTF-8 text. */
export type OutRecord = {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Headers;
};

export type Headers = Readonly<Record<string, string>>;

/**
 * Records for one partition, and the headers that the last of them has besides its own. The last alone: whoever reads the
 * end of a partition finds them there, and Lambda gets each byte of a header as a number of up to four characters.
 */
export type OutBatch = { readonly records: readonly OutRecord[]; readonly stamp: Headers };

/** What the broker said of one batch. */
export type SendResult =
  | { readonly kind: "acked" }
  /** Definitely refused for its size: nothing was stored. */
  | { readonly kind: "too_large" };

/** Writes to Kafka. One partition a call; callers keep one call in flight per partition. */
export type RecordWriter = {
  /**
   * Resolves once all in-sync replicas have the batch, or the broker has refused its size.
   *
   * @throws KafkaError KAFKA_SEND_FAILED: whether the batch is stored is unknown
   */
  send(topic: string, partition: number, batch: OutBatch): Promise<SendResult>;
};

/** Reads back what we wrote ourselves. */
export type TailReader = {
  /**
   * The values of one header in the newest records of every partition of the topics; empty for empty topics.
   *
   * @throws KafkaError KAFKA_TAIL_UNREADABLE: never an empty answer for a topic that has records
   */
  newestHeaders(topics: readonly string[], header: string): Promise<readonly string[]>;
};
