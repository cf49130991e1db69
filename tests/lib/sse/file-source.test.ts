import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { nameFile, readFileSource } from "../../../lib/sse/file-source.ts";
import { maxFrameBytes, type SourceFrame } from "../../../lib/sse/frame-reader.ts";
import { ManualClock, settle } from "../../shim/manual-clock.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wikilake-file-source-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: Buffer | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(
  path: string,
  afterLine = 0,
  rate?: number,
  clock = new ManualClock(),
  stop = new AbortController(),
) {
  const frames: SourceFrame[] = [];
  const name = await nameFile(path);
  const sink = { frame: (frame: SourceFrame) => frames.push(frame), room: () => undefined };
  const done = readFileSource({ path, name, afterLine, rate }, clock, sink, stop.signal);
  return { done, frames, name };
}

test("lines end with LF or CRLF or the file; empty ones are no events but count as lines", async () => {
  const { done, frames, name } = await read(write("mixed.ndjson", '{"a":1}\r\n\n{"b":2}\n\r\nnot json\n{"c":3}'));
  expect(await done).toEqual({ read: 4, alreadyDelivered: 0 });
  expect(frames.map(({ data, at }) => [data.toString(), at?.get(name)])).toEqual([
    ['{"a":1}', 1],
    ['{"b":2}', 3],
    ["not json", 5],
    ['{"c":3}', 6],
  ]);
});

test("a second run starts behind the last delivered line", async () => {
  const path = write("again.ndjson", "a\nb\nc\n");
  const part = await read(path, 2);
  expect(await part.done).toEqual({ read: 3, alreadyDelivered: 2 });
  expect(part.frames.map(({ data }) => data.toString())).toEqual(["c"]);
  const whole = await read(path, 3);
  expect(await whole.done).toEqual({ read: 3, alreadyDelivered: 3 });
});

test("gzip is told by its first bytes, in several members too", async () => {
  const path = write("packed", Buffer.concat([gzipSync("a\nb\n"), gzipSync("c\n")]));
  const { done, frames } = await read(path);
  expect(await done).toMatchObject({ read: 3 });
  expect(frames.map(({ data }) => data.toString())).toEqual(["a", "b", "c"]);
});

test("a gzip that breaks off is an error after its whole lines", async () => {
  const text = Array.from({ length: 5_000 }, (_, index) => `line ${index} ${Math.sin(index)}`).join("\n");
  const packed = gzipSync(text);
  const { done, frames } = await read(write("broken.gz", packed.subarray(0, packed.length - 2_000)));
  await expect(done).rejects.toMatchObject({ code: "SOURCE_FILE_CORRUPT" });
  expect(frames.length).toBeLessThan(5_000);
});

test("a line that unpacks to hundreds of megabytes is a stub with its length", async () => {
  const bomb = gzipSync(Buffer.alloc(200_000_000, 0x61), { level: 9 });
  const { done, frames } = await read(write("bomb.gz", Buffer.concat([bomb, gzipSync("\nnext\n")])));
  await done;
  expect(frames.map(({ bytes }) => bytes)).toEqual([200_000_000, 4]);
  expect(frames[0]?.data.length).toBeLessThan(maxFrameBytes);
});

test("the same bytes under another name are the same source", async () => {
  expect(await nameFile(write("one", "x\n"))).toBe(await nameFile(write("two", "x\n")));
  await expect(nameFile(join(folder, "missing"))).rejects.toMatchObject({ code: "SOURCE_FILE_MISSING" });
});

test("a rate spaces the events; a stop ends the reading", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const { done, frames } = await read(write("rate", "a\nb\nc\nd\n"), 0, 10, clock, stop);
  await settle();
  while (frames.length === 0) await settle();
  expect(frames).toHaveLength(1);
  await clock.advance(200);
  expect(frames).toHaveLength(3);
  stop.abort();
  expect(await done).toEqual({ read: 3, alreadyDelivered: 0 });
});
