import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { checkRuleFile, checkRuleFolder, describeProblem } from "../../../schemas/rules/validate-rules.ts";

const folder = join(import.meta.dirname, "../../../schemas/rules");

test("the rule files that are delivered have no problem", () => {
  expect(checkRuleFolder(folder).map(describeProblem)).toEqual([]);
});

const revert = (changes: Readonly<Record<string, string>>): string => {
  const entry = {
    id: "en-undo",
    language: "en",
    method: "undo",
    regex: "Undid ([0-9]{1,15}) by (.{1,85})$",
    revision: "1",
    user: "2",
    example: "Undid 17 by Example",
    revision_is: "17",
    user_is: "Example",
    counterexample: "Undid",
    ...changes,
  };
  const [first = "", ...rest] = Object.entries(entry).map(([key, value]) => `${key}: ${value}`);
  return `patterns:\n  - ${first}\n${rest.map((line) => `    ${line}\n`).join("")}`;
};

describe("a problem names file, line and reason", () => {
  test.each([
    ["a bracket that is not closed", "patterns:\n  - { id: a\n", /^revert-patterns\.yml:\d: .*flow/i],
    ["a tab", "patterns:\n\t- id: a\n", /^revert-patterns\.yml:2: .*tab/i],
    ["a key that is there twice", "patterns: []\npatterns: []\n", /^revert-patterns\.yml:2: .*unique/],
    ["a regex that would blow up", revert({ regex: "(a+)+$" }), /^revert-patterns\.yml:5: .*nested quantifiers/],
    ["an example that does not match", revert({ example: "Undone" }), /^revert-patterns\.yml:8: .*does not match/],
    [
      "a counterexample that matches",
      revert({ counterexample: "Undid 1 by A" }),
      /^revert-patterns\.yml:11: .*must not/,
    ],
    ["a wrong group", revert({ revision: "2", user: "1" }), /^revert-patterns\.yml:9: .*the example gives Example/],
    ["an unknown method", revert({ method: "magic" }), /^revert-patterns\.yml:4: .*method/],
    ["a key nobody reads", revert({ colour: "red" }), /^revert-patterns\.yml:\d+: .*colour/],
    ["no patterns at all", "", /^revert-patterns\.yml:1: /],
  ])("%s", (_, text, expected) => {
    expect(describeProblem(checkRuleFile("revert-patterns", text)[0] ?? { file: "", line: 0, reason: "" })).toMatch(
      expected,
    );
  });

  test("of every entry, not only of the first", () => {
    const text = `${revert({ method: "magic" })}${revert({ id: "Bad Id" }).replace("patterns:\n", "")}`;
    expect(checkRuleFile("revert-patterns", text).map(({ line }) => line)).toEqual([4, 12]);
  });

  test("an id that is there twice", () => {
    const text = `${revert({})}${revert({}).replace("patterns:\n", "")}`;
    expect(checkRuleFile("revert-patterns", text).map(describeProblem)).toEqual([
      "revert-patterns.yml:12: patterns.1: id en-undo is there twice",
    ]);
  });
});

describe("the other files", () => {
  test.each([
    ["domains", "domains:\n  - { domain: en.example.org, wiki: en }\nregion_by_language: {}\n", 2],
    ["domains", "domains: []\nregion_by_language: { cs: narnia }\n", 1],
    ["trusted", "trusted:\n  - { user: A, role: king, wikis: [], reason: x }\n", 2],
    ["watch-list", "mode: mark\nwatch:\n  - id: a\n    title: 'x*x*x*y'\n", 3],
    ["blacklist", "terms:\n  - id: a\n    pattern: '(a+)+'\n    type: regex\n", 2],
    ["thresholds", "silver:\n  stale_after_s: [1]\n", 2],
    ["live", "recompute_minutes: 15\nlate_hours: 25\nminutes_per_statement: 60\nnamespaces: [0]\n", 2],
  ] as const)("%s: a wrong entry is found on its line", (name, text, line) => {
    expect(checkRuleFile(name, text)[0]).toMatchObject({ file: `${name}.yml`, line });
  });
});
