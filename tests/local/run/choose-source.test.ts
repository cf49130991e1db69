import { describe, expect, test } from "@jest/globals";
import { chooseSource, liveUrl } from "../../../local/run/choose-source.ts";

const ports = (reachable: boolean) => ({
  isReachable: async () => reachable,
  isFile: (file: string) => file.endsWith("there.ndjson.gz"),
});

describe("--source", () => {
  test("auto takes the live feed when it answers", async () => {
    expect((await chooseSource("auto", ports(true))).source).toEqual({
      kind: "live",
      url: liveUrl,
      sourceKind: "live",
    });
  });

  test("auto takes the simulator when it does not, and says so loudly", async () => {
    const chosen = await chooseSource("auto", ports(false));
    expect(chosen.source.kind).toBe("sim");
    expect(chosen.notice).toContain("DOES NOT ANSWER");
  });

  test("live refuses to turn into something else", async () => {
    await expect(chooseSource("live", ports(false))).rejects.toThrow("--source sim");
  });

  test("takes a file as a replay", async () => {
    expect((await chooseSource("there.ndjson.gz", ports(false))).source).toEqual({
      kind: "file",
      url: expect.stringMatching(/^file:\/\/.*there\.ndjson\.gz$/),
      sourceKind: "replay",
    });
  });

  test.each([
    ["nonsense", "say auto, live, sim"],
    ["missing.ndjson", "no such file"],
    ["http://169.254.169.254/latest", "only https://stream.wikimedia.org"],
    ["https://example.org/stream", "only https://stream.wikimedia.org"],
  ])("refuses %s with what would be accepted", async (text, message) => {
    await expect(chooseSource(text, ports(true))).rejects.toThrow(message);
  });

  test("takes an address of this machine", async () => {
    expect((await chooseSource("http://127.0.0.1:8080/v2/stream/recentchange", ports(false))).source.kind).toBe("url");
  });
});
