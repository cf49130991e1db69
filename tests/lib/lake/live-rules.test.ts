import { describe, expect, test } from "@jest/globals";
import { parseLiveRules } from "../../../lib/lake/live-rules.ts";
import { rules } from "./live-fixtures.ts";

const domains = {
  domains: [
    {
      domain: "de.example.org",
      wiki: "dewiki",
      language: "de",
      project: "wikipedia",
      region: "europe",
      in_scope: true,
    },
  ],
  region_by_language: { cs: "europe" },
};
const thresholds = { silver: { severity_moderate_from: 100, severity_major_from: 1000, max_ahead_minutes: 10 } };
const live = { recompute_minutes: 15, late_hours: 24, minutes_per_statement: 240, namespaces: [0] };
const blacklist = { terms: [] };

describe("the rules of the live layer", () => {
  test("are read from the files of this repository", () => {
    expect(rules).toMatchObject({ lateMinutes: 1440, recomputeMinutes: 15, namespaces: [0], aheadMs: 600_000 });
    expect(new Map(rules.regionByDomain).get("pt.wikipedia.org")).toBe("americas");
    expect(rules.terms.length).toBeGreaterThan(0);
  });

  test("keep what a file says", () => {
    expect(parseLiveRules({ domains, thresholds, live, blacklist })).toMatchObject({
      regionByDomain: [["de.example.org", "europe"]],
      regionByLanguage: [["cs", "europe"]],
      severityModerateFrom: 100,
      severityMajorFrom: 1000,
    });
  });

  test.each([
    ["a host that is SQL", { domains: { ...domains, domains: [{ ...domains.domains[0], domain: "x' OR 1=1" }] } }],
    ["a language that is SQL", { domains: { ...domains, region_by_language: { "x'": "europe" } } }],
    ["a threshold that is text", { thresholds: { silver: { ...thresholds.silver, severity_major_from: "1 OR 1" } } }],
    ["no namespace", { live: { ...live, namespaces: [] } }],
    ["more than a day of late events", { live: { ...live, late_hours: 25 } }],
    ["an unknown setting", { live: { ...live, windows: 2 } }],
    ["a term without an id", { blacklist: { terms: [{ pattern: "x" }] } }],
  ])("refuse %s", (_, over) => {
    expect(() => parseLiveRules({ domains, thresholds, live, blacklist, ...over })).toThrow();
  });
});
