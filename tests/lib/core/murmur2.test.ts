import { expect, test } from "@jest/globals";
import { murmur2, partitionOf } from "../../../lib/core/murmur2.ts";

// The vectors of the Java client's own test of its partitioner.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("hashes %s as the Java client does", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash);
});

test("a partition is the hash without its sign bit, modulo the number of partitions", () => {
  expect(partitionOf(Buffer.from("foobar"), 12)).toBe((-790332482 & 0x7fffffff) % 12);
  expect(partitionOf(new Uint8Array(0), 1)).toBe(0);
});
