import { type Access, type TableName, type TableUse, tableName } from "./names.ts";
import { isText } from "./reader.ts";
import { malformed } from "./refusal.ts";
import { isSignificant, position, quoteIdentifier, type Token, tokenize, unquote } from "./tokens.ts";

/** A query's text cut at its table references: the engine's names are put in once the catalog of each is known. */
export type Piece = string | (TableUse & { readonly kind: "table" });

type Frame = {
  /** Names that WITH defined at this level; the levels around it are searched as well. */
  readonly ctes: Set<string>;
  /** A SELECT was seen at this level, so FROM opens a list of relations (in `extract(day FROM x)` it does not). */
  isQuery: boolean;
  inFrom: boolean;
  expectsRelation: boolean;
  readonly onClose?: () => void;
};

const clauses = new Set([
  "WHERE",
  "GROUP",
  "HAVING",
  "WINDOW",
  "ORDER",
  "LIMIT",
  "OFFSET",
  "FETCH",
  "UNION",
  "INTERSECT",
  "EXCEPT",
]);

const queryStarts = ["SELECT", "WITH", "VALUES", "TABLE"];

/**
 * Finds every table that a query, INSERT, MERGE, UPDATE or DELETE names. Works on tokens with one frame a parenthesis;
 * names defined by WITH are no tables. Also turns `1.5` into `1.5E0`: Athena reads a decimal point as double, the engine as decimal.
 */
export class RelationWalker {
  readonly pieces: Piece[] = [];
  private readonly sql: string;
  private readonly tokens: readonly Token[];
  /** The space and comments in front of each token, kept as they were. */
  private readonly leads: readonly string[];
  private readonly database: string | undefined;
  private readonly frames: Frame[] = [newFrame()];
  private index = 0;
  private onOpen: (() => void) | undefined;

  constructor(sql: string, database: string | undefined) {
    const { tokens, leads } = withLeads(tokenize(sql));
    this.sql = sql;
    this.tokens = tokens;
    this.leads = leads;
    this.database = database;
  }

  get done(): boolean {
    return this.index >= this.tokens.length;
  }

  /** True when these words come next. */
  at(...words: readonly string[]): boolean {
    return words.every((word, i) => isText(this.peek(i), word));
  }

  /** Emits these words when they come next. */
  take(...words: readonly string[]): boolean {
    if (!this.at(...words)) return false;
    for (const _ of words) this.copy();
    return true;
  }

  /** Like `take`, without emitting them: the caller writes something else in their place. */
  drop(...words: readonly string[]): boolean {
    if (!this.at(...words)) return false;
    this.index += words.length;
    return true;
  }

  /** The next token, taken without emitting it. */
  consume(): Token {
    const token = this.peek();
    this.index += 1;
    return token;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.take(word)) throw this.mismatch(`'${word}'`);
  }

  /** Emits the coming name as a reference with this access. */
  table(access: Access): TableName {
    this.pieces.push(this.leads[this.index] ?? "");
    const parts = [this.part()];
    while (isText(this.peek(), ".")) {
      this.index += 1;
      parts.push(this.part());
    }
    if (parts.length > 3) throw this.mismatch("<EOF>");
    const [only = ""] = parts;
    if (access === "read" && parts.length === 1 && this.isCte(only)) {
      this.pieces.push(quoteIdentifier(only));
      return { database: "", table: only };
    }
    const name = tableName(parts, this.database);
    this.pieces.push({ kind: "table", ...name, access });
    return name;
  }

  /** MERGE … USING: the next thing is a relation. */
  expectRelation(): void {
    this.top.expectsRelation = true;
  }

  /** A text of ours in the place of what was dropped. */
  write(text: string): void {
    this.pieces.push(text);
  }

  /** Emits everything up to the end. */
  rest(): void {
    while (!this.done) this.step();
    if (this.frames.length > 1) throw this.mismatch("')'");
  }

  mismatch(expecting: string, token: Token = this.peek()): Error {
    const at = position(this.sql, token.text === "" ? this.sql.length : token.at);
    return malformed(`${at}: mismatched input '${token.text || "<EOF>"}'. Expecting: ${expecting}`);
  }

  private get top(): Frame {
    const frame = this.frames.at(-1);
    if (frame === undefined) throw this.mismatch("<EOF>");
    return frame;
  }

  /** Emits one token, or one whole table name. */
  step(): void {
    const token = this.peek();
    if (token.kind === "backquoted") throw this.backquoted(token);
    if (token.kind === "unknown") throw this.mismatch("<EOF>");
    if (isText(token, "(")) this.open();
    else if (isText(token, ")")) this.close();
    else if (this.top.expectsRelation) this.relation(token);
    else if (token.kind !== "word" || !this.word(token.text.toUpperCase())) this.ordinary(token);
  }

  private ordinary(token: Token): void {
    if (isText(token, ",") && this.top.inFrom) this.top.expectsRelation = true;
    this.copy();
  }

  private relation(token: Token): void {
    this.top.expectsRelation = false;
    const isFunction = isText(token, "LATERAL") || isText(this.peek(1), "(");
    if (isFunction || !isName(token)) this.copy();
    else this.table("read");
  }

  /** Follows the clauses of a query. Returns true when it has emitted the word itself. */
  private word(word: string): boolean {
    const frame = this.top;
    if (word === "WITH" && this.startsCte()) {
      this.with();
      return true;
    }
    if (word === "BY" && this.follows("WHEN", "NOT", "MATCHED")) throw this.mismatch("'AND', 'THEN'");
    if (word === "SELECT") Object.assign(frame, { isQuery: true, inFrom: false });
    else if (word === "FROM" && frame.isQuery && !this.followsDistinct()) frame.inFrom = frame.expectsRelation = true;
    else if (word === "JOIN" && frame.inFrom) frame.expectsRelation = true;
    else if (word === "TABLE" && this.isTableQuery()) frame.expectsRelation = true;
    else if (clauses.has(word)) frame.inFrom = false;
    return false;
  }

  /** `x IS [NOT] DISTINCT FROM y`. */
  private followsDistinct(): boolean {
    return this.follows("IS", "DISTINCT") || this.follows("IS", "NOT", "DISTINCT");
  }

  private follows(...words: readonly string[]): boolean {
    return words.every((word, i) => isText(this.peek(i - words.length), word));
  }

  /** `TABLE t` in the place of a SELECT, or `TABLE(t)` as the argument of a table function. */
  private isTableQuery(): boolean {
    const before = this.peek(-1).text.toUpperCase();
    if (isText(this.peek(1), "(")) return ["=>", "(", ","].includes(before);
    return ["", "(", "ALL", "DISTINCT"].includes(before) || clauses.has(before);
  }

  private open(): void {
    const wasRelation = this.top.expectsRelation;
    this.top.expectsRelation = false;
    this.copy();
    const lists = wasRelation && !queryStarts.some((word) => isText(this.peek(), word));
    this.frames.push({
      ...newFrame(),
      inFrom: lists,
      expectsRelation: lists,
      ...(this.onOpen && { onClose: this.onOpen }),
    });
    this.onOpen = undefined;
  }

  private close(): void {
    if (this.frames.length === 1) throw this.mismatch("<EOF>");
    const closed = this.frames.pop();
    this.copy();
    closed?.onClose?.();
  }

  private startsCte(): boolean {
    const at = isText(this.peek(1), "RECURSIVE") ? 2 : 1;
    const opens = (isText(this.peek(at + 1), "AS") && isText(this.peek(at + 2), "(")) || isText(this.peek(at + 1), "(");
    return isName(this.peek(at)) && opens;
  }

  private with(): void {
    this.copy();
    this.cte(this.take("RECURSIVE"));
  }

  /** `name [(columns)] AS (`: the name is known behind its query, and inside it when recursive. */
  private cte(recursive: boolean): void {
    const scope = this.top;
    const name = unquote(this.peek()).toLowerCase();
    this.copy();
    if (recursive) scope.ctes.add(name);
    if (this.at("(")) while (!this.at("AS") && !this.done) this.copy();
    this.expect("AS");
    if (!this.at("(")) throw this.mismatch("'('");
    this.onOpen = () => {
      scope.ctes.add(name);
      if (this.take(",")) this.cte(recursive);
    };
  }

  private isCte(name: string): boolean {
    return this.frames.some(({ ctes }) => ctes.has(name));
  }

  private part(): string {
    const token = this.peek();
    if (token.kind === "backquoted") throw this.backquoted(token);
    if (!isName(token)) throw this.mismatch("<identifier>");
    this.index += 1;
    return unquote(token).toLowerCase();
  }

  /** Emits the next token with what stood in front of it. */
  copy(): void {
    const token = this.peek();
    if (token.text === "") return;
    this.pieces.push(this.leads[this.index] ?? "", token.kind === "decimal" ? `${token.text}E0` : token.text);
    this.index += 1;
  }

  private peek(ahead = 0): Token {
    return this.tokens[this.index + ahead] ?? nothing;
  }

  private backquoted(token: Token): Error {
    const at = position(this.sql, token.at);
    return malformed(`${at}: backquoted identifiers are not supported; use double quotes to quote identifiers`);
  }
}

const nothing: Token = { kind: "symbol", text: "", at: 0 };

const newFrame = (): Frame => ({ ctes: new Set(), isQuery: false, inFrom: false, expectsRelation: false });

const isName = ({ kind }: Token): boolean => kind === "word" || kind === "quoted";

function withLeads(all: readonly Token[]): { tokens: Token[]; leads: string[] } {
  const tokens: Token[] = [];
  const leads: string[] = [];
  let lead = "";
  for (const token of all) {
    if (!isSignificant(token)) {
      lead += token.text;
      continue;
    }
    tokens.push(token);
    leads.push(lead);
    lead = "";
  }
  return { tokens, leads };
}
