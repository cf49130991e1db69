import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import kafkajs, { type Message } from "kafkajs";
import { installPackedBatches, sendPacked } from "../../../lib/kafka/packed-batches.ts";
import { encodeRecordSet } from "../../../lib/kafka/record-set.ts";

type Encoder = { readonly buffer: Buffer };
const encodeRecord: (record: object) => Encoder = createRequire(import.meta.url)(
  "kafkajs/src/protocol/recordBatch/record/v0",
);

const bytes = fc.uint8Array({ maxLength: 300 }).map((part) => Buffer.from(part));
const text = fc.string({ unit: "grapheme", maxLength: 80 });
const record = fc.record({
  key: bytes,
  value: bytes,
  headers: fc.dictionary(text, text, { maxKeys: 6, noNullPrototype: true }),
});

/** Names that no record has of its own. */
const stamps = fc.dictionary(
  text.map((name) => `stamp ${name}`),
  text,
  { maxKeys: 3, noNullPrototype: true },
);

test("a record set is, byte for byte, what the client would have written", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 150 }), stamps, (records, stamp) => {
      const withHeaders = (one: (typeof records)[number], index: number) =>
        index < records.length - 1 ? one : { ...one, headers: { ...one.headers, ...stamp } };
      const expected = records.map(
        (one, offsetDelta) => encodeRecord({ ...withHeaders(one, offsetDelta), offsetDelta, timestampDelta: 0 }).buffer,
      );
      expect(encodeRecordSet({ records, stamp }).equals(Buffer.concat(expected))).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("a value of a megabyte has the client's lengths too", () => {
  const one = { key: Buffer.from("k"), value: Buffer.alloc(1_000_000, 7), headers: { long: "é".repeat(70_000) } };
  expect(
    encodeRecordSet({ records: [one], stamp: {} }).equals(
      encodeRecord({ ...one, offsetDelta: 0, timestampDelta: 0 }).buffer,
    ),
  ).toBe(true);
});

const compress = async (messages: readonly Message[]): Promise<Buffer> => {
  const codec = kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP]();
  const encoded = messages.map(
    (message, offsetDelta) => encodeRecord({ ...message, key: message.key ?? null, offsetDelta }).buffer,
  );
  return gunzipSync(await codec.compress({ buffer: Buffer.concat(encoded) }));
};

test("each place-holder stands for its own batch, again and again, until it is settled", async () => {
  installPackedBatches();
  const batch = (value: string) => ({
    records: [{ key: Buffer.from("k"), value: Buffer.from(value), headers: {} }],
    stamp: { cursor: "{}" },
  });
  const gate = Promise.withResolvers<void>();
  let late: readonly Message[] = [];
  const slow = sendPacked(batch("slow"), 3, async (messages) => {
    late = messages;
    await gate.promise;
    return [await compress(messages), await compress(messages)];
  });
  const quick = await sendPacked(batch("quick"), 0, (messages) => compress(messages));
  gate.resolve();
  expect(quick.equals(encodeRecordSet(batch("quick")))).toBe(true);
  for (const got of await slow) expect(got.equals(encodeRecordSet(batch("slow")))).toBe(true);
  expect(late.map(({ partition }) => partition)).toEqual([3]);
});

test("batches of other producers are compressed as they are", async () => {
  installPackedBatches();
  const plain = [{ key: "k", value: "of someone else" }];
  expect((await compress(plain)).includes("of someone else")).toBe(true);
});
