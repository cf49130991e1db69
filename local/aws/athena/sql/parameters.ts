import { invalidRequest } from "./refusal.ts";
import { isSignificant, quoteString, type Token, tokenize } from "./tokens.ts";

/** Words that make an expression without naming a column. */
const literalWords = new Set(["NULL", "TRUE", "FALSE"]);
const typedLiterals = new Set([
  "DATE",
  "TIME",
  "TIMESTAMP",
  "DECIMAL",
  "INTERVAL",
  "DOUBLE",
  "BIGINT",
  "INTEGER",
  "VARCHAR",
]);
const infix = new Set(["+", "-", "*", "/", "%", "||", "=", "<>", "!=", "<", ">", "<=", ">=", "AND", "OR"]);

/**
 * Puts ExecutionParameters in the place of `?`. Values are text that Athena classifies: what reads as an expression
 * without a column stays one, anything else becomes a string literal. Too few or too many values are refused, unless
 * the statement has no `?` at all (then Athena ignores them).
 */
export function bindParameters(sql: string, values: readonly string[]): string {
  const tokens = tokenize(sql);
  const expected = tokens.filter(({ kind }) => kind === "parameter").length;
  if (expected === 0) return sql;
  if (expected !== values.length)
    throw invalidRequest(
      `Incorrect number of parameters: expected ${expected} but found ${values.length}`,
      "INVALID_PARAMETER_USAGE",
    );
  const next = values.values();
  return tokens
    .map(({ kind, text }) => (kind === "parameter" ? parameterText(next.next().value ?? "") : text))
    .join("");
}

/** How Athena reads one value. */
export function parameterText(value: string): string {
  return new ValueReader(tokenize(value).filter(isSignificant)).isExpression() ? `(${value})` : quoteString(value);
}

/** Recognises literals, signed numbers, function calls and what the usual operators make of them. */
class ValueReader {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  isExpression(): boolean {
    return this.expression() && this.at >= this.tokens.length;
  }

  private get text(): string {
    return this.tokens[this.at]?.text.toUpperCase() ?? "";
  }

  private take(text: string): boolean {
    if (this.text !== text) return false;
    this.at += 1;
    return true;
  }

  private expression(): boolean {
    if (!this.operand()) return false;
    while (infix.has(this.text)) {
      this.at += 1;
      if (!this.operand()) return false;
    }
    return true;
  }

  private operand(): boolean {
    while (["-", "+", "NOT"].includes(this.text)) this.at += 1;
    const token = this.tokens[this.at];
    if (token === undefined) return false;
    this.at += 1;
    if (["integer", "decimal", "double", "string"].includes(token.kind)) return true;
    if (token.text === "(") return this.list(")");
    return token.kind === "word" && this.named(token.text.toUpperCase());
  }

  private named(word: string): boolean {
    if (literalWords.has(word)) return true;
    if (typedLiterals.has(word) && this.tokens[this.at]?.kind === "string") {
      this.at += word === "INTERVAL" ? 2 : 1; // an interval has its unit behind the string
      return true;
    }
    if (word === "ARRAY" && this.take("[")) return this.list("]");
    return this.take("(") && this.list(")");
  }

  private list(close: string): boolean {
    if (this.take(close)) return true;
    do {
      if (!this.expression()) return false;
    } while (this.take(","));
    return this.take(close);
  }
}
