import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseStatement } from "../../../../../local/aws/athena/sql/parse.ts";
import {
  isSignificant,
  quoteIdentifier,
  quoteString,
  tokenize,
  unquote,
} from "../../../../../local/aws/athena/sql/tokens.ts";

/** Text made of what breaks careless readers of SQL. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom("'", '"', "`", "--", "/*", "*/", ";", "?", "\\", "\n", "\0", "\u2028", "’", "FROM t", "U&"),
      fc.string({ unit: "binary" }),
    ),
  )
  .map((parts) => parts.join(""));

const significant = (sql: string) => tokenize(sql).filter(isSignificant);

test("the tokens of any text, joined, are that text", () => {
  fc.assert(
    fc.property(nasty, (text) => {
      expect(
        tokenize(text)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
  );
});

test("any value, quoted, is one string token that gives the value back", () => {
  fc.assert(
    fc.property(nasty, (value) => {
      const [only, ...more] = significant(quoteString(value));
      expect(more).toEqual([]);
      expect(only?.kind).toBe("string");
      expect(only && unquote(only)).toBe(value);
    }),
  );
});

test("any name, quoted, is one identifier token that gives the name back", () => {
  fc.assert(
    fc.property(nasty, (name) => {
      const [only, ...more] = significant(quoteIdentifier(name));
      expect(more).toEqual([]);
      expect(only?.kind).toBe("quoted");
      expect(only && unquote(only)).toBe(name);
    }),
  );
});

test("a literal never changes which tables a query is seen to name", () => {
  fc.assert(
    fc.property(nasty, (value) => {
      const { uses } = parseStatement(`SELECT ${quoteString(value)}, x FROM a WHERE y = ${quoteString(value)}`, "db");
      expect(uses).toEqual([{ database: "db", table: "a", access: "read" }]);
    }),
  );
});

test("a comment between any two tokens changes nothing", () => {
  const words = ["SELECT", "a", ",", "count", "(", "*", ")", "FROM", "b", ".", "c", "WHERE", "d", "=", "'x'"];
  fc.assert(
    fc.property(fc.nat(words.length - 1), fc.constantFrom("/* FROM x */", "-- , y\n", " "), (at, space) => {
      const sql = [...words.slice(0, at), space, ...words.slice(at)].join(" ");
      expect(parseStatement(sql, "db").uses).toEqual([{ database: "b", table: "c", access: "read" }]);
    }),
  );
});
