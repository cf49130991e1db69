import { isRecord } from "./intrinsic.ts";
import { resolveValue } from "./resolve.ts";
import type { Scope } from "./scope.ts";
import { templateError } from "./template-error.ts";

type Lookup = (name: string) => boolean;

/** How many operands AWS lets And and Or have. */
const minOperands = 2;
const maxOperands = 10;

function operands(name: string, argument: unknown): readonly unknown[] {
  if (Array.isArray(argument) && argument.length >= minOperands && argument.length <= maxOperands) return argument;
  throw templateError("TEMPLATE_INVALID", `${name} takes ${minOperands} to ${maxOperands} conditions`);
}

function equals(argument: unknown, scope: Scope): boolean {
  if (!Array.isArray(argument) || argument.length !== 2) {
    throw templateError("TEMPLATE_INVALID", "Fn::Equals takes two values");
  }
  const [left, right] = argument.map((value) => resolveValue(value, scope));
  // CloudFormation compares parameters as text.
  return String(left) === String(right);
}

function decide(condition: unknown, scope: Scope, lookup: Lookup): boolean {
  const [entry, ...others] = isRecord(condition) ? Object.entries(condition) : [];
  if (entry === undefined || others.length > 0)
    throw templateError("TEMPLATE_INVALID", "a condition is one function call");
  const [name, argument] = entry;
  const inner = (value: unknown): boolean => decide(value, scope, lookup);
  switch (name) {
    case "Condition":
      return lookup(String(argument));
    case "Fn::Equals":
      return equals(argument, scope);
    case "Fn::Not":
      if (!Array.isArray(argument) || argument.length !== 1)
        throw templateError("TEMPLATE_INVALID", "Fn::Not takes one");
      return !inner(argument[0]);
    case "Fn::And":
      return operands(name, argument).every(inner);
    case "Fn::Or":
      return operands(name, argument).some(inner);
    default:
      throw templateError("TEMPLATE_INVALID", `${name} is no condition function`);
  }
}

/**
 * Decides every condition of the template. Conditions know parameters and pseudo parameters only, as on AWS: a Ref to a
 * resource throws TEMPLATE_REFERENCE, conditions that name each other TEMPLATE_CYCLE.
 */
export function decideConditions(scope: Scope): Readonly<Record<string, boolean>> {
  const decided = new Map<string, boolean>();
  const open = new Set<string>();
  const lookup: Lookup = (name) => {
    const known = decided.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(scope.template.Conditions, name)) {
      throw templateError("TEMPLATE_REFERENCE", `condition ${name} is not in the template`);
    }
    if (open.has(name))
      throw templateError("TEMPLATE_CYCLE", `conditions name each other: ${[...open, name].join(" → ")}`);
    open.add(name);
    const result = decide(scope.template.Conditions[name], scope, lookup);
    open.delete(name);
    decided.set(name, result);
    return result;
  };
  return Object.fromEntries(Object.keys(scope.template.Conditions).map((name) => [name, lookup(name)]));
}
