import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { rewindMs } from "../../lib/core/resume.ts";
import { codfw, eqiad } from "../lib/sse/sse-server.ts";
import { FakeFeed, feedEvent } from "./fake-feed.ts";
import { settle } from "./manual-clock.ts";
import { World } from "./shim-harness.ts";

/** Lets a shim of the file source, which reads the real disk, come to its end. */
async function finish(world: World, shim: ReturnType<World["start"]>): Promise<void> {
  for (let turn = 0; turn < 2_000 && shim.outcome.end === undefined && shim.outcome.error === undefined; turn += 1) {
    await world.clock.advance(100);
  }
}

describe("a file", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wikilake-shim-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (name: string, lines: readonly string[]): Record<string, string> => {
    const path = join(folder, name);
    writeFileSync(path, lines.join("\n"));
    return { SOURCE_URL: pathToFileURL(path).href, SOURCE_KIND: "replay" };
  };
  const line = (id: string) => feedEvent(id, eqiad, Date.UTC(2016, 5, 27)).data;
  const noFeed: typeof fetch = () => Promise.reject(new Error("a file needs no network"));

  test("is delivered to its end once; a second run produces nothing", async () => {
    const world = new World();
    const canary = JSON.stringify({ meta: { domain: "canary" } });
    const environment = fileOf("whole.ndjson", [line("a"), "broken", "", line("b"), canary, line("a")]);
    const first = world.start(noFeed, environment);
    await finish(world, first);
    expect(first.outcome.end).toMatchObject({
      kind: "finished",
      totals: { received: 5, accepted: 2, rejected: 1, dropped: 1, duplicates: 1 },
      file: { read: 5, alreadyDelivered: 0 },
    });
    const produced = world.kafka.of("raw-events").length + world.kafka.of("dlq-events").length;
    const second = world.start(noFeed, environment);
    await finish(world, second);
    expect(second.outcome.end).toMatchObject({ totals: { received: 0 }, file: { read: 5, alreadyDelivered: 5 } });
    expect(world.kafka.of("raw-events").length + world.kafka.of("dlq-events").length).toBe(produced);
    expect(produced).toBe(3);
  });

  test("killed on the way, it goes on behind the last line known to be delivered", async () => {
    const world = new World();
    const ids = Array.from({ length: 300 }, (_, index) => `e${index}`);
    const environment = { ...fileOf("part.ndjson", ids.map(line)), SOURCE_RATE: "100" };
    const first = world.start(noFeed, environment);
    // The file is a real one, the clock is not: how many turns it takes to be read depends on the machine. A third is several
    // batches: a batch says how far those before it have come.
    while (world.ids().length <= 100) {
      await settle();
      await world.clock.advance(25);
    }
    first.kill();
    expect(world.ids().length).toBeLessThan(300);
    const second = world.start(noFeed, environment);
    await finish(world, second);
    expect(new Set(world.ids())).toEqual(new Set(ids));
    expect(second.outcome.end?.file?.alreadyDelivered).toBeGreaterThan(0);
  });

  test("does not make the feed forget where it was", async () => {
    const world = new World();
    const feed = new FakeFeed([feedEvent("live", eqiad, world.clock.now() - 1_000)], world.clock);
    world.store.marks = new Map([
      [eqiad, world.clock.now() - 2_000],
      [codfw, world.clock.now() - 2_000],
    ]);
    const live = world.start(feed.fetch);
    await world.clock.advance(1_000);
    live.stop();
    await world.clock.advance(100);
    const liveMark = world.store.marks?.get(eqiad);
    const file = world.start(
      noFeed,
      fileOf(
        "other.ndjson",
        Array.from({ length: 100 }, (_, index) => line(`f${index}`)),
      ),
    );
    await finish(world, file);
    world.store.marks = undefined;
    const again = world.start(feed.fetch);
    await world.clock.advance(1_000);
    expect(feed.asked.at(-1)?.[eqiad]).toBe((liveMark ?? 0) - rewindMs);
    again.kill();
  });
});
