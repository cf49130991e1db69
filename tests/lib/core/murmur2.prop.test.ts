import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { partitionOf } from "../../../lib/core/murmur2.ts";

test("every key lands on the partition that a default Kafka producer would choose", () => {
  const choose = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.integer({ min: 1, max: 24 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionId,
        leader: 0,
        partitionErrorCode: 0,
        replicas: [],
        isr: [],
      }));
      const message = { key: Buffer.from(key), value: null };
      expect(partitionOf(key, count)).toBe(choose({ topic: "t", partitionMetadata, message }));
    }),
  );
});
