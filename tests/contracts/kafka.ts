import { describe, expect, test } from "@jest/globals";
import type { OutBatch, RecordWriter, TailReader } from "../../lib/kafka/ports.ts";

export type KafkaUnderTest = {
  readonly writer: RecordWriter;
  readonly tails: TailReader;
  /** Topics of this test alone: `many` has at least three partitions, `one` has one. */
  readonly many: string;
  readonly one: string;
  /** A value above the limit of `many`. */
  readonly tooLarge: Buffer;
  /** Everything in `one`, in order. */
  readonly read: () => Promise<
    readonly { readonly value: string; readonly headers: Readonly<Record<string, string>> }[]
  >;
};

/** What the shim relies on of Kafka. */
export function kafkaContract(name: string, open: () => Promise<KafkaUnderTest>): void {
  const batch = (values: readonly (string | Buffer)[], stamp: Record<string, string> = {}): OutBatch => ({
    stamp,
    records: values.map((value, index) => ({
      key: Buffer.from("key"),
      value: Buffer.from(value),
      headers: { index: String(index) },
    })),
  });

  describe(`${name}, as Kafka`, () => {
    test("has acknowledged records in the order of sending, each with its own headers and the last of a batch with its stamp", async () => {
      const { writer, one, read } = await open();
      expect(await writer.send(one, 0, batch(["a", "b"], { cursor: "1" }))).toEqual({ kind: "acked" });
      expect(await writer.send(one, 0, batch(["c"], { cursor: "2" }))).toEqual({ kind: "acked" });
      const stored = (await read()).map(({ value, headers }) => ({ value, headers }));
      expect(stored).toEqual([
        { value: "a", headers: { index: "0" } },
        { value: "b", headers: { index: "1", cursor: "1" } },
        { value: "c", headers: { index: "0", cursor: "2" } },
      ]);
    });

    test("answers nothing for the ends of empty topics, and the newest header of each partition otherwise", async () => {
      const { writer, tails, many, one } = await open();
      expect(await tails.newestHeaders([many, one], "cursor")).toEqual([]);
      for (const [partition, cursor] of ["of 0", "of 1", "of 2"].entries())
        await writer.send(many, partition, batch(["x", "y"], { cursor }));
      await writer.send(many, 0, batch(["z"], { cursor: "newer of 0" }));
      await writer.send(one, 0, batch(["z"], { cursor: "of the other" }));
      const found = await tails.newestHeaders([many, one], "cursor");
      expect(found).toEqual(expect.arrayContaining(["newer of 0", "of 1", "of 2", "of the other"]));
    });

    test("says of a batch above the limit that it stored nothing of it", async () => {
      const { writer, tails, many, tooLarge } = await open();
      expect(await writer.send(many, 0, batch(["before"], { cursor: "before" }))).toEqual({ kind: "acked" });
      expect(await writer.send(many, 0, batch(["a", tooLarge], { cursor: "large" }))).toEqual({ kind: "too_large" });
      expect(await tails.newestHeaders([many], "cursor")).toEqual(["before"]);
      expect(await writer.send(many, 0, batch(["after"], { cursor: "after" }))).toEqual({ kind: "acked" });
    });
  });
}
