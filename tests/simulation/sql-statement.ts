/*
 * Reads the statements that the lake generates, as far as their meaning goes: what is selected, from which batches, and
 * the rows that it must not have already, with every one of the literals. A statement that it does not understand fails
 * the simulation.
 */

export type SqlValue = string | number | null;
/** A row of a table that is looked into, or of the stage. */
export type SqlRow = { readonly [column: string]: SqlValue };
export type Condition = (target: SqlRow, source: SqlRow) => boolean;

/** Only rows without an equal one in the table are taken. */
export type NotExists = { readonly table: string; readonly condition: Condition };
export type LakeStatement = {
  readonly verb: "insert" | "count";
  /** Target of an INSERT. */
  readonly table: string | undefined;
  readonly rowKind: string;
  readonly batches: readonly string[];
  readonly notExists: readonly NotExists[];
};

const head = /^INSERT INTO "[a-z_]+"\."([a-z_]+)" \(/;
const sourcePart = /WHERE s\.batch IN \(([^)]*)\) AND s\.row_kind = '([a-z_]+)'/;
const joinPart = /LEFT JOIN \(\n((?:.*\n)+?)\) t ON (.*)\n/;
const onlyAbsent = /AND t\.kafka_topic IS NULL/;
const memberPart = /^(?:UNION ALL )?SELECT [a-z_., ]+ FROM "[a-z_]+"\."([a-z_]+)" t WHERE (.*)$/;

export function readStatement(sql: string): LakeStatement {
  const table = head.exec(sql)?.[1];
  const source = sourcePart.exec(sql);
  const [, ids = "", rowKind = ""] = source ?? [];
  const batches = [...ids.matchAll(/'([0-9a-f]{64})'/g)].map(([, id = ""]) => id);
  if (source === null || batches.length === 0) throw unreadable(sql);
  const notExists = onlyAbsent.test(sql) ? readJoin(sql) : [];
  return { verb: table === undefined ? "count" : "insert", table, rowKind, batches, notExists };
}

/** An outer join of which only the rows without a partner are kept: a NOT EXISTS for each table that is joined. */
function readJoin(sql: string): NotExists[] {
  const [, members = "", on = ""] = joinPart.exec(sql) ?? [];
  const same = readCondition(on);
  return members
    .trimEnd()
    .split("\n")
    .map((member) => {
      const [, table = "", where = ""] = memberPart.exec(member) ?? [];
      const among = readCondition(where);
      return { table, condition: (target: SqlRow, row: SqlRow) => among(target, row) && same(target, row) };
    });
}

function readCondition(text: string): Condition {
  const parser = createParser(`${text})`);
  const condition = parser.or();
  parser.expect(")");
  return condition;
}

const tokenPattern = /\s*(TIMESTAMP '[^']*'|'[^']*'|-?\d+|[a-z]\.[a-z_]+|[A-Z]+|[(),=])/y;

type Parser = { or(): Condition; expect(token: string): void };
type Operand = (target: SqlRow, source: SqlRow) => SqlValue;

function createParser(text: string): Parser {
  let at = 0;
  const peek = (): string => {
    tokenPattern.lastIndex = at;
    return tokenPattern.exec(text)?.[1] ?? "";
  };
  const next = (): string => {
    tokenPattern.lastIndex = at;
    const token = tokenPattern.exec(text)?.[1];
    if (token === undefined) throw unreadable(text.slice(at));
    at = tokenPattern.lastIndex;
    return token;
  };
  const expect = (token: string): void => {
    if (next() !== token) throw unreadable(text.slice(Math.max(0, at - 20)));
  };
  const operand = (): Operand => {
    const token = next();
    const [side, column = ""] = token.split(".");
    if (side === "t") return (target) => target[column] ?? null;
    if (side === "s") return (_target, source) => source[column] ?? null;
    const value = literal(token);
    return () => value;
  };
  const comparison = (): Condition => {
    if (peek() === "(") {
      next();
      const inner = or();
      expect(")");
      return inner;
    }
    const left = operand();
    const operator = next();
    if (operator === "IS") {
      expect("NULL");
      return (t, s) => left(t, s) === null;
    }
    if (operator === "=") {
      const right = operand();
      return (t, s) => left(t, s) !== null && left(t, s) === right(t, s);
    }
    if (operator === "BETWEEN") {
      const low = operand();
      expect("AND");
      const high = operand();
      return (t, s) => isBetween(left(t, s), low(t, s), high(t, s));
    }
    if (operator !== "IN") throw unreadable(operator);
    expect("(");
    const values = new Set<SqlValue>([literal(next())]);
    while (peek() === ",") {
      next();
      values.add(literal(next()));
    }
    expect(")");
    return (t, s) => values.has(left(t, s));
  };
  const and = (): Condition => {
    const parts = [comparison()];
    while (peek() === "AND") {
      next();
      parts.push(comparison());
    }
    return (t, s) => parts.every((part) => part(t, s));
  };
  const or = (): Condition => {
    const parts = [and()];
    while (peek() === "OR") {
      next();
      parts.push(and());
    }
    return (t, s) => parts.some((part) => part(t, s));
  };
  return { or, expect };
}

/** Instants are compared as ms since the epoch. */
function literal(token: string): SqlValue {
  if (token.startsWith("TIMESTAMP '")) return Date.parse(`${token.slice(11, -1).replace(" ", "T")}Z`);
  if (token.startsWith("'")) return token.slice(1, -1);
  const value = Number(token);
  if (!Number.isSafeInteger(value)) throw unreadable(token);
  return value;
}

function isBetween(value: SqlValue, low: SqlValue, high: SqlValue): boolean {
  if (value === null || low === null || high === null) return false;
  return value >= low && value <= high;
}

function unreadable(text: string): Error {
  return new Error(`simulation: cannot read ${text.slice(0, 120)}`);
}
