/**
 * A lossless tokenizer for SQL as Athena reads it: the texts of all tokens, joined, are the input again. Nothing in this
 * room looks at SQL in any other way, so a quote, a comment or a semicolon inside a literal can never be taken for syntax.
 */
export type TokenKind =
  | "space"
  | "comment"
  | "word"
  | "quoted" // "x"
  | "backquoted" // `x`
  | "string" // 'x', U&'x', X'00'
  | "integer"
  | "decimal"
  | "double"
  | "parameter" // ?
  | "symbol"
  | "unknown"; // an unterminated quote or a character that SQL has no use for

export type Token = { readonly kind: TokenKind; readonly text: string; readonly at: number };

/** Longest first: a shorter symbol must not cut a longer one in two. */
const symbols = ["<>", "<=", ">=", "!=", "||", "->", "=>", "|)", "{-", "-}"] as const;

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ["space", /[ \t\r\n]+/y],
  ["comment", /--[^\r\n]*|\/\*[\s\S]*?\*\//y],
  ["string", /(?:[uU]&|[xX])?'[^']*(?:''[^']*)*'/y],
  ["quoted", /"[^"]*(?:""[^"]*)*"/y],
  ["backquoted", /`[^`]*(?:``[^`]*)*`/y],
  ["double", /(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)[eE][+-]?\d+(?![A-Za-z_0-9])/y],
  ["decimal", /\d[\d_]*\.[\d_]*(?![A-Za-z_])|\.\d[\d_]*(?![A-Za-z_])/y],
  [
    "integer",
    /0[xX][0-9a-fA-F_]+(?![A-Za-z_0-9])|0[oO][0-7_]+(?![A-Za-z_0-9])|0[bB][01_]+(?![A-Za-z_0-9])|\d[\d_]*(?![A-Za-z_])/y,
  ],
  ["word", /[A-Za-z_][A-Za-z0-9_]*/y],
  ["parameter", /\?/y],
];

/** All tokens of a text, in order and without a gap. Never throws: what cannot be read is a token of kind `unknown`. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const token = tokenAt(sql, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(sql: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(sql);
    if (found !== null) return { kind, text: found[0], at };
  }
  return symbolAt(sql, at);
}

function symbolAt(sql: string, at: number): Token {
  // An opening quote or comment that nothing closes swallows the rest, as it does in Athena's own reader.
  if (`'"\``.includes(sql.charAt(at)) || sql.startsWith("/*", at)) return { kind: "unknown", text: sql.slice(at), at };
  // A digit here starts a name such as 1abc, which no identifier may be without quotes.
  const digits = /[0-9][A-Za-z0-9_.]*/y;
  digits.lastIndex = at;
  const name = digits.exec(sql);
  if (name !== null) return { kind: "unknown", text: name[0], at };
  const long = symbols.find((symbol) => sql.startsWith(symbol, at));
  if (long !== undefined) return { kind: "symbol", text: long, at };
  const text = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  return { kind: /[\x21-\x7e]/.test(text) ? "symbol" : "unknown", text, at };
}

/** True for the tokens that mean something: neither space nor comment. */
export const isSignificant = ({ kind }: Token): boolean => kind !== "space" && kind !== "comment";

/** The text between the quotes, with doubled quotes undone. Anything unquoted is returned as it stands. */
export function unquote({ kind, text }: Token): string {
  if (kind === "quoted") return text.slice(1, -1).replaceAll('""', '"');
  if (kind === "backquoted") return text.slice(1, -1).replaceAll("``", "`");
  if (kind === "string") return text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'");
  return text;
}

export const quoteString = (value: string): string => `'${value.replaceAll("'", "''")}'`;
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** One-based line and column of a place in the text, as Athena's syntax errors name it (columns count from one). */
export function position(sql: string, at: number): string {
  const before = sql.slice(0, at).split("\n");
  return `line ${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
