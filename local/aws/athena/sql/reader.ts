import { malformed } from "./refusal.ts";
import { isSignificant, position, type Token, tokenize, unquote } from "./tokens.ts";

/** A name of one to three parts as written: `catalog.database.table`. Lower case, as Athena folds every name. */
export type NameParts = readonly string[];

const endOfInput: Token = { kind: "symbol", text: "<EOF>", at: Number.MAX_SAFE_INTEGER };

/** Walks the significant tokens of one statement. `position` of a mismatch is the place in the text as sent. */
export class Reader {
  readonly sql: string;
  readonly tokens: readonly Token[];
  index = 0;

  constructor(sql: string) {
    this.sql = sql;
    this.tokens = tokenize(sql).filter(isSignificant);
  }

  peek(ahead = 0): Token {
    return this.tokens[this.index + ahead] ?? { ...endOfInput, at: this.sql.length };
  }

  get done(): boolean {
    return this.index >= this.tokens.length;
  }

  next(): Token {
    const token = this.peek();
    this.index += 1;
    return token;
  }

  /** True when the coming tokens are these words or symbols, in any case. */
  at(...texts: readonly string[]): boolean {
    return texts.every((text, i) => isText(this.peek(i), text));
  }

  /** Takes the words when they come next, else leaves the reader where it is. */
  take(...texts: readonly string[]): boolean {
    if (!this.at(...texts)) return false;
    this.index += texts.length;
    return true;
  }

  expect(...texts: readonly string[]): void {
    for (const text of texts) if (!this.take(text)) this.mismatch(`'${text}'`);
  }

  mismatch(expecting: string): never {
    const token = this.peek();
    throw malformed(`${position(this.sql, token.at)}: mismatched input '${token.text}'. Expecting: ${expecting}`);
  }

  end(): void {
    if (!this.done) this.mismatch("<EOF>");
  }

  /** A string literal of DDL: Hive's reader takes single and double quotes alike. */
  ddlString(): string {
    const token = this.peek();
    if (token.kind !== "string" && token.kind !== "quoted") this.mismatch("<string>");
    this.index += 1;
    return unquote(token);
  }

  integer(): number {
    const token = this.peek();
    if (token.kind !== "integer") this.mismatch("<integer>");
    this.index += 1;
    return Number(token.text);
  }

  /** An identifier of DDL: bare or in backticks; a double-quoted text is a string there, as on Athena. */
  ddlIdentifier(): string {
    const token = this.peek();
    if (token.kind !== "word" && token.kind !== "backquoted") this.mismatch("<identifier>");
    this.index += 1;
    return unquote(token).toLowerCase();
  }

  ddlName(): NameParts {
    return this.dotted(() => this.ddlIdentifier());
  }

  /** An identifier of a query: bare or double-quoted. */
  identifier(): string {
    const token = this.peek();
    if (token.kind === "backquoted")
      throw malformed(
        `${position(this.sql, token.at)}: backquoted identifiers are not supported; use double quotes to quote identifiers`,
      );
    if (token.kind !== "word" && token.kind !== "quoted") this.mismatch("<identifier>");
    this.index += 1;
    return unquote(token).toLowerCase();
  }

  name(): NameParts {
    return this.dotted(() => this.identifier());
  }

  /** A name where Athena reads both ways of quoting: OPTIMIZE, VACUUM and views. */
  anyName(): NameParts {
    return this.dotted(() => (this.peek().kind === "backquoted" ? this.ddlIdentifier() : this.identifier()));
  }

  /** The tokens up to the matching closing parenthesis; the reader stands behind it. Expects to stand behind `(`. */
  private dotted(part: () => string): NameParts {
    const parts = [part()];
    while (this.take(".")) parts.push(part());
    if (parts.length > 3) this.mismatch("<EOF>");
    return parts;
  }
}

export function isText(token: Token, text: string): boolean {
  if (token.kind === "word") return token.text.toUpperCase() === text.toUpperCase();
  return token.kind === "symbol" && token.text === text;
}
