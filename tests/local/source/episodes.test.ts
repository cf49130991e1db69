import { describe, expect, test } from "@jest/globals";
import { episode } from "../../../local/source/episodes.ts";
import { createEventModel, defaultModel } from "../../../local/source/event-model.ts";
import { longestEpisodeSeconds } from "../../../local/source/story.ts";

const start = 1_790_000_000;
const stories = Array.from({ length: 3000 }, (_, index) => episode("test", start + index, 0));
const changes = stories.flat();
const damage = changes.filter(({ label, change }) => label === "vandalism" && change.user !== undefined);
const isUnregistered = (user = ""): boolean => /^~2|^203\.0\.113\.|^2001:DB8:/.test(user);
const share = (part: number, whole: number): number => part / whole;

describe("labelled stories", () => {
  test("are the same whenever they are asked for", () => {
    expect(episode("test", start + 7, 0)).toEqual(stories[7]);
  });

  test("end before the window in which they are looked for", () => {
    for (const [index, story] of stories.entries())
      for (const { timestampMs } of story)
        expect(timestampMs / 1000 - start - index).toBeLessThan(longestEpisodeSeconds);
  });

  test("have two thirds of their vandals unregistered, as the reverts of a real day have", () => {
    const vandals = stories.flatMap((story) => story.find(({ label }) => label === "vandalism")?.change.user ?? []);
    // The quiet ones are all registered: 5 of 61 stories of damage.
    expect(share(vandals.filter(isUnregistered).length, vandals.length)).toBeGreaterThan(0.56);
    expect(share(vandals.filter(isUnregistered).length, vandals.length)).toBeLessThan(0.69);
  });

  test("do harm of every kind, and much that only looks like it", () => {
    const sizes = damage.flatMap(({ change }) => {
      const length = change.fields["length"] as { old?: number; new: number }; // as: the story wrote it
      return length.old === undefined ? [] : [length.new / length.old];
    });
    expect(share(sizes.filter((left) => left < 0.1).length, sizes.length)).toBeGreaterThan(0.1);
    expect(share(sizes.filter((left) => left >= 1).length, sizes.length)).toBeGreaterThan(0.5);
    const labels = Map.groupBy(changes, ({ label }) => label);
    expect((labels.get("good-faith") ?? []).length).toBeGreaterThan(damage.length / 2);
    expect((labels.get("good-faith") ?? []).some(({ change }) => isUnregistered(change.user))).toBe(true);
  });

  test("are labelled apart from the event: nothing in it says what it is", () => {
    const model = createEventModel(defaultModel("test", 35));
    const seconds = Array.from({ length: 60 }, (_, index) => start + index);
    const labels = new Map(seconds.flatMap((second) => [...model.labelsOf(second)]));
    expect(labels.size).toBeGreaterThan(20);
    const texts = seconds
      .flatMap((second) => model.eventsOf(second))
      .filter(({ eventId }) => labels.has(eventId ?? ""));
    expect(texts).toHaveLength(labels.size);
    for (const { data } of texts) expect(data).not.toMatch(/good-faith|"label"|quiet|spree/);
  });

  test("give about three revert-like edits in a hundred", () => {
    const model = createEventModel(defaultModel("test", 35));
    const seconds = Array.from({ length: 900 }, (_, index) => start + index);
    const labels = new Map(seconds.flatMap((second) => [...model.labelsOf(second)]));
    const edits = seconds
      .flatMap((second) => model.eventsOf(second))
      .filter(({ data }) => /"type":"(?:edit|new)"/.test(data));
    const reverts = edits.filter(({ eventId }) => /revert|edit-war/.test(labels.get(eventId ?? "") ?? ""));
    expect(share(reverts.length, edits.length)).toBeGreaterThan(0.02);
    expect(share(reverts.length, edits.length)).toBeLessThan(0.04);
  });
});
