import { expect, test } from "@jest/globals";
import { TopicTracker } from "../../shim/topic-tracker.ts";

const at = (...pairs: [string, number][]) => new Map(pairs);

test("an event that names its topic belongs to it", () => {
  const tracker = new TopicTracker(["a", "b"]);
  expect(tracker.attribute(at(["a", 5], ["b", 7]), "b")).toEqual({ at: at(["b", 7]), topic: "b" });
});

test("an event that does not belongs to the topic whose position changed", () => {
  const tracker = new TopicTracker(["a", "b"]);
  tracker.attribute(at(["a", 5], ["b", 7]), "a");
  expect(tracker.attribute(at(["a", 5], ["b", 8]), undefined)).toEqual({ at: at(["b", 8]), topic: "b" });
});

test("when nothing tells, it belongs to every topic, and without an id it blocks them all", () => {
  const tracker = new TopicTracker(["a", "b"]);
  tracker.attribute(at(["a", 5], ["b", 7]), "a");
  expect(tracker.attribute(at(["a", 5], ["b", 7]), "elsewhere")).toEqual({
    at: at(["a", 5], ["b", 7]),
    topic: undefined,
  });
  expect(tracker.attribute(undefined, undefined)).toEqual({ at: at(["a", 0], ["b", 0]), topic: undefined });
});

test("a new connection starts without memory", () => {
  const tracker = new TopicTracker(["a", "b"]);
  tracker.attribute(at(["a", 5]), "a");
  tracker.reset();
  expect(tracker.attribute(at(["a", 5]), undefined)).toEqual({ at: at(["a", 5]), topic: "a" });
});
