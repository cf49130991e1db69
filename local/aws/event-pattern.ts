/** A pattern as EventBridge rules and SNS filter policies write it: fields to lists of conditions. */
export type Pattern = Readonly<Record<string, unknown>>;
type Condition = string | number | boolean | null | Readonly<Record<string, unknown>>;

/**
 * Whether an event matches: every field of the pattern has one of its conditions fulfilled. Conditions: exact values,
 * `prefix`, `suffix`, `exists`, `anything-but` (values or prefix), `numeric`, `equals-ignore-case`. Throws on any other.
 */
export function matchesPattern(pattern: Pattern, event: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    const value = Object.hasOwn(event, field) ? event[field] : undefined;
    if (Array.isArray(wanted)) return wanted.some((condition: Condition) => matchesValue(condition, value));
    if (!isRecord(wanted)) throw new Error(`Pattern field ${field} is neither a list nor an object`);
    return matchesPattern(wanted, isRecord(value) ? value : {});
  });
}

/** Throws where a pattern has something that is not known here: such a rule must stop the start, not lose events later. */
export function checkPattern(pattern: Pattern): void {
  for (const [field, wanted] of Object.entries(pattern)) {
    if (isRecord(wanted)) checkPattern(wanted);
    else if (!Array.isArray(wanted)) throw new Error(`Pattern field ${field} is neither a list nor an object`);
    else for (const condition of wanted) if (isRecord(condition)) checkOperator(condition);
  }
}

function checkOperator(condition: Readonly<Record<string, unknown>>): void {
  for (const [operator, operand] of Object.entries(condition)) {
    if (operator !== "exists" && !Object.hasOwn(operators, operator)) {
      throw new Error(`Pattern operator ${operator} is not known here`);
    }
    if (operator === "anything-but" && isRecord(operand)) checkOperator(operand);
    if (operator === "numeric") inRange(0, Array.isArray(operand) ? operand : []);
  }
}

// A list in the event matches when one of its elements does, as on AWS.
function matchesValue(condition: Condition, value: unknown): boolean {
  if (isRecord(condition)) return matchesOperator(condition, value);
  const values = Array.isArray(value) ? value : [value];
  return values.some((one) => one === condition);
}

function matchesOperator(condition: Readonly<Record<string, unknown>>, value: unknown): boolean {
  const [[operator, operand] = ["", undefined]] = Object.entries(condition);
  if (operator === "exists") return (value !== undefined) === operand;
  if (value === undefined) return false;
  const values = Array.isArray(value) ? value : [value];
  const test = operators[operator];
  if (!test) throw new Error(`Pattern operator ${operator} is not known here`);
  return operator === "anything-but"
    ? values.every((one) => test(one, operand))
    : values.some((one) => test(one, operand));
}

type Test = (value: unknown, operand: unknown) => boolean;
const text = (test: (value: string, operand: string) => boolean): Test => {
  return (value, operand) => typeof value === "string" && typeof operand === "string" && test(value, operand);
};

const operators: Readonly<Record<string, Test>> = {
  prefix: text((value, operand) => value.startsWith(operand)),
  suffix: text((value, operand) => value.endsWith(operand)),
  "equals-ignore-case": text((value, operand) => value.toLowerCase() === operand.toLowerCase()),
  "anything-but": (value, operand) =>
    isRecord(operand) ? !matchesOperator(operand, value) : ![operand].flat().includes(value),
  numeric: (value, operand) => typeof value === "number" && Array.isArray(operand) && inRange(value, operand),
};

/** `[">", 0, "<=", 5]`: every pair must hold. */
function inRange(value: number, comparisons: readonly unknown[]): boolean {
  for (let at = 0; at < comparisons.length; at += 2) {
    const compare = comparers[String(comparisons[at])];
    if (!compare) throw new Error(`Numeric comparison ${String(comparisons[at])} is not known`);
    if (!compare(value, Number(comparisons[at + 1]))) return false;
  }
  return true;
}

const comparers: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
