import { expect, test } from "@jest/globals";
import type { Positions } from "../../../lib/core/source-position.ts";
import { createFrameReader, maxSkippedBytes, type SourceFrame } from "../../../lib/sse/frame-reader.ts";

function collect() {
  const seen = { frames: [] as SourceFrame[], errors: 0, endless: [] as (Positions | undefined)[] };
  const reader = createFrameReader({
    frame: (frame) => seen.frames.push(frame),
    errorFrame: () => {
      seen.errors += 1;
    },
    endless: (at) => seen.endless.push(at),
  });
  return { seen, feed: (text: string) => reader.push(Buffer.from(text, "utf8")) };
}

test("an error frame is told apart from events", () => {
  const { seen, feed } = collect();
  feed('event: error\ndata: {"message":"consumer disconnected"}\n\n');
  expect(seen).toMatchObject({ errors: 1, frames: [] });
});

test("a frame without an id, or with one that cannot be read, is still an event", () => {
  const { seen, feed } = collect();
  feed("data: a\n\nid: nonsense\ndata: b\n\n");
  expect(seen.frames.map(({ at, cursorText, data }) => [at, cursorText, data.toString()])).toEqual([
    [undefined, undefined, "a"],
    [undefined, "nonsense", "b"],
  ]);
});

test("half an event at the end of a connection is no event", () => {
  const { seen, feed } = collect();
  feed('id: []\ndata: {"half":');
  expect(seen.frames).toEqual([]);
});

test("an endless line is given up with a stub that has its id, and the memory stays bounded", () => {
  const { seen, feed } = collect();
  feed('event: message\nid: [{"topic":"a","partition":0,"timestamp":77}]\ndata: ');
  const chunk = "y".repeat(65_536);
  for (let sent = 0; sent <= maxSkippedBytes && seen.endless.length === 0; sent += chunk.length) feed(chunk);
  expect(seen.endless).toEqual([new Map([["a", 77]])]);
  expect(seen.frames).toHaveLength(1);
  expect(seen.frames[0]?.data.length).toBeLessThan(80_000);
  expect(seen.frames[0]?.bytes).toBeGreaterThan(maxSkippedBytes - 100);
});

test("twenty megabytes in one chunk between two events cost one stub", () => {
  const { seen, feed } = collect();
  feed(`data: a\n\ndata: ${"z".repeat(20_000_000)}\n\ndata: b\n\n`);
  expect(seen.frames.map(({ bytes }) => bytes)).toEqual([1, 20_000_002, 1]);
});
