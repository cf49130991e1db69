import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createFrameReader, maxFrameBytes, type SourceFrame } from "../../../lib/sse/frame-reader.ts";

const eqiad = "eqiad.mediawiki.recentchange";
const idOf = (timestamp: number) => JSON.stringify([{ topic: eqiad, partition: 0, timestamp }]);

/** Any bytes that one `data:` line can hold. */
const data = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 || byte === 13 ? 32 : byte))));
const frame = fc.record({ at: fc.nat(1_000_000), data, end: fc.constantFrom("\n", "\r\n") });

function encode(frames: readonly { at: number; data: Buffer; end: string }[]): Buffer {
  const parts = frames.map(({ at, data: bytes, end }) =>
    Buffer.concat([Buffer.from(`event: message${end}id: ${idOf(at)}${end}data: `), bytes, Buffer.from(`${end}${end}`)]),
  );
  return Buffer.concat([Buffer.from(":ok\n\n"), ...parts]);
}

function read(bytes: Buffer, cuts: readonly number[]): SourceFrame[] {
  const out: SourceFrame[] = [];
  const reader = createFrameReader({
    frame: (one) => out.push(one),
    errorFrame: () => undefined,
    endless: () => undefined,
  });
  const points = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
  for (const [index, start] of points.entries()) reader.push(bytes.subarray(start, points[index + 1] ?? start));
  return out;
}

test("a stream cut anywhere gives the same frames, each with the very bytes that were sent", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (frames, cuts) => {
        const got = read(encode(frames), cuts);
        expect(
          got.map((one) => ({ at: one.at?.get(eqiad), data: one.data.toString("hex"), bytes: one.bytes })),
        ).toEqual(frames.map((one) => ({ at: one.at, data: one.data.toString("hex"), bytes: one.data.length })));
      },
    ),
    { numRuns: 300 },
  );
});

test("a frame above the limit is cut, wherever the chunks end, and its neighbours are whole", () => {
  const huge = { at: 2, data: Buffer.alloc(maxFrameBytes + 5_000, 0x78), end: "\n" };
  const plain = (at: number) => ({ at, data: Buffer.from(`{"n":${at}}`), end: "\n" });
  const bytes = encode([plain(1), huge, plain(3), plain(4)]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
      const got = read(bytes, cuts);
      expect(got.map((one) => [one.at?.get(eqiad), one.bytes])).toEqual([
        [1, 7],
        [2, huge.data.length + 2],
        [3, 7],
        [4, 7],
      ]);
      expect(got[1]?.data.length).toBeLessThan(80_000);
      expect(got[1]?.data.subarray(0, 10).toString()).toBe("xxxxxxxxxx");
    }),
    // A chunk that ended with an empty line, and the next one above the limit: all that followed was one frame.
    { numRuns: 60, examples: [[[5]], [[5, bytes.length - 300]]] },
  );
});
