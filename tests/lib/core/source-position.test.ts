import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import {
  decodePositions,
  encodePositions,
  formatLastEventId,
  newestOf,
  parseEventId,
} from "../../../lib/core/source-position.ts";

const eqiad = "eqiad.mediawiki.recentchange";
const codfw = "codfw.mediawiki.recentchange";

test("an id gives the timestamp of each topic that has had an event", () => {
  const text = `[{"topic":"${eqiad}","partition":0,"timestamp":1746030241001},{"topic":"${codfw}","partition":0,"offset":-1}]`;
  expect(parseEventId(text)).toEqual(new Map([[eqiad, 1746030241001]]));
});

test("the real ids of both data centres are read", () => {
  const path = new URL("../../../../shared/data/sse_frames_verbatim.txt", import.meta.url);
  const ids = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("id: "));
  expect(ids).toHaveLength(4);
  for (const id of ids) expect(parseEventId(id.slice(4))?.size).toBe(1);
});

test.each([
  "",
  "x",
  "{}",
  "[1]",
  '[{"topic":""}]',
  '[{"topic":"a","timestamp":"1"}]',
  '[{"topic":"a","timestamp":-1}]',
])("what is no list of topics is refused: %s", (text) => {
  expect(parseEventId(text)).toBeUndefined();
});

test("a resume asks by timestamp for every topic and partition", () => {
  const asked = new Map([
    [eqiad, 5],
    [`${codfw}#2`, 7],
  ]);
  expect(JSON.parse(formatLastEventId(asked))).toEqual([
    { topic: eqiad, partition: 0, timestamp: 5 },
    { topic: codfw, partition: 2, timestamp: 7 },
  ]);
  expect(parseEventId(formatLastEventId(asked))).toEqual(asked);
});

test("merging takes the newest of each topic by itself", () => {
  const merged = newestOf([
    new Map([["a", 5]]),
    new Map([
      ["a", 3],
      ["b", 1],
    ]),
    new Map(),
  ]);
  expect(merged).toEqual(
    new Map([
      ["a", 5],
      ["b", 1],
    ]),
  );
});

test("a cursor header round-trips; a torn one is refused", () => {
  const positions = new Map([["a", 5]]);
  const text = encodePositions(positions);
  expect(decodePositions(text)).toEqual(positions);
  expect(decodePositions(text.slice(0, -3))).toBeUndefined();
  expect(decodePositions('{"a":"5"}')).toBeUndefined();
});
