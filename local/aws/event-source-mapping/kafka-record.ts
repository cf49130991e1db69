/** One record as the consumer hands it over. Header order is kept; a header may occur twice. */
export type KafkaRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly timestampType: "CREATE_TIME" | "LOG_APPEND_TIME";
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array])[];
};

/** A record in the JSON form of the event, made once: retries and halves only put the pieces together again. */
export type EncodedRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly json: string;
};

/** Records in delivery order; those of one partition ascend by offset. */
export type Batch = readonly EncodedRecord[];

/** Where the records come from, as the event tells the function. */
export type SourceInfo = { readonly eventSourceArn: string; readonly bootstrapServers: string };

/** Key of a partition in an event and in a batch reply. */
export const partitionKey = (record: Pick<EncodedRecord, "topic" | "partition">): string =>
  `${record.topic}-${record.partition}`;

/** Turns a record into its piece of the event. A key that is absent is left out, as Lambda does. */
export function encodeRecord(record: KafkaRecord): EncodedRecord {
  const { topic, partition, offset, timestampMs } = record;
  const key = record.key === null ? "" : `,"key":"${base64(record.key)}"`;
  const value = record.value === null ? "" : `,"value":"${base64(record.value)}"`;
  const headers = record.headers.map(([name, bytes]) => `{${JSON.stringify(name)}:[${byteList(bytes)}]}`).join(",");
  const where = `"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${offset}`;
  const when = `"timestamp":${timestampMs},"timestampType":"${record.timestampType}"`;
  return { topic, partition, offset, timestampMs, json: `{${where},${when}${key}${value},"headers":[${headers}]}` };
}

/** Digits are written here; a list longer than this many bytes gets a buffer of its own. */
const digits = Buffer.allocUnsafe(4096);
const longestNumber = "-128,".length;

/**
 * Header bytes as Lambda writes them: Java's signed bytes. This runs for each byte of each header, two thirds of an event:
 * digits put into a buffer take half the time of joined strings.
 */
function byteList(bytes: Uint8Array): string {
  const out = bytes.length * longestNumber > digits.length ? Buffer.allocUnsafe(bytes.length * longestNumber) : digits;
  let end = 0;
  for (const byte of bytes) end = writeNumber(out, end, byte > 127 ? byte - 256 : byte);
  return out.toString("latin1", 0, Math.max(0, end - 1));
}

/** Writes a number of at most three digits and a comma; answers the next place. */
function writeNumber(out: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  if (rest < 0) {
    out[at++] = 0x2d;
    rest = -rest;
  }
  if (rest > 99) out[at++] = 0x31; // no byte is above 128
  if (rest > 9) out[at++] = 0x30 + (Math.floor(rest / 10) % 10);
  out[at++] = 0x30 + (rest % 10);
  out[at++] = 0x2c;
  return at;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** The `aws:kafka` event of a batch as JSON text. */
export function eventOf(batch: Batch, source: SourceInfo): string {
  const partitions = new Map<string, string[]>();
  for (const record of batch) {
    const key = partitionKey(record);
    const list = partitions.get(key);
    if (list === undefined) partitions.set(key, [record.json]);
    else list.push(record.json);
  }
  const records = [...partitions].map(([key, list]) => `${JSON.stringify(key)}:[${list.join(",")}]`).join(",");
  const { eventSourceArn, bootstrapServers } = source;
  const head = JSON.stringify({ eventSource: "aws:kafka", eventSourceArn, bootstrapServers }).slice(0, -1);
  return `${head},"records":{${records}}}`;
}

/** Bytes of a record within an event: its JSON (ASCII but for topic and header names) and a comma. */
export const sizeOf = (record: EncodedRecord): number => record.json.length + 1;
