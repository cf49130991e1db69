import { describe, expect, test } from "@jest/globals";
import { problemOfRegex } from "../../../schemas/rules/regex-safety.ts";

describe("a pattern is refused when", () => {
  test.each([
    ["it does not compile", "(unclosed", /group/i],
    ["it is longer than 200 characters", "a".repeat(201), /longer/],
    ["it refers back", "(a)\\1", /back-reference/],
    ["it looks ahead", "a(?=b)", /look-around/],
    ["it looks ahead for nothing", "a(?!b)", /look-around/],
    ["it looks behind", "(?<=a)b", /look-around/],
    ["it sets a flag", "(?i)a", /flag/],
    ["it names a group", "(?<name>a)", /named group/],
    ["it uses an escape that engines read differently", "\\bword\\b", /escape/],
    ["it uses a class escape", "\\d+", /escape/],
    ["a quantifier is possessive", "a++b", /possessive/],
    ["a quantifier is lazy", "a+?b", /lazy/],
    ["a group with a repetition is repeated", "(a+)+$", /nested/],
    ["a group with a bounded repetition is repeated", "(?:a{1,9}){2,9}$", /nested/],
    ["an alternation is repeated", "(?:a|aa)*b", /nested/],
    ["open repetitions follow one another", "a*a*a*b", /steps/],
    ["wide gaps follow one another", "a.{0,200}b.{0,200}c", /steps/],
    ["a class runs into what follows it, twice", "^[a-z]+[a-z0-9]+[0-9a-z]+x", /steps/],
    ["it holds what SQL would take for a variable", `a\${b}`, /\$\{/],
  ])("%s", (_, source, reason) => expect(problemOfRegex(source)).toMatch(reason));
});

test.each([
  "^Undid revision ([0-9]{1,15}) by \\[\\[[^|\\]/]{1,40}/([^|\\]]{1,85})",
  "(?:^|\\*/ )(?:[Rr]v|revert)(?:$|[ .])",
  "取り消し|差し戻し",
  "[^|]+\\|[^|]+\\|x",
])("an honest pattern is accepted: %s", (source) => expect(problemOfRegex(source)).toBeUndefined());
