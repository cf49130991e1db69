import { attributeOf, type Intrinsic, intrinsicOf, isRecord, subCall, subParts } from "./intrinsic.ts";
import type { Scope } from "./scope.ts";

type Conditions = Scope["conditions"];

/**
 * Names that a value refers to (resources, parameters, pseudo parameters), in the branches that the decided conditions
 * choose.
 */
export const referencesIn = (value: unknown, conditions: Conditions): ReadonlySet<string> =>
  new Set(namesIn(value, conditions));

function* namesIn(value: unknown, conditions: Conditions): Generator<string> {
  const call = intrinsicOf(value);
  if (call !== undefined) return yield* namesInCall(call, conditions);
  if (Array.isArray(value) || isRecord(value)) {
    for (const part of Object.values(value)) yield* namesIn(part, conditions);
  }
}

function* namesInCall({ name, argument }: Intrinsic, conditions: Conditions): Generator<string> {
  if (name === "Ref") yield String(argument);
  else if (name === "Fn::GetAtt") yield attributeOf(argument)?.logicalId ?? "";
  else if (name === "Fn::Sub") yield* namesInSub(argument, conditions);
  else if (name === "Fn::If") yield* namesIn(chosenBranch(argument, conditions), conditions);
  else yield* namesIn(argument, conditions);
}

/** A condition that is not there chooses nothing: the resolver says so. */
const chosenBranch = (argument: unknown, conditions: Conditions): unknown =>
  Array.isArray(argument) ? argument[conditions[String(argument[0])] ? 1 : 2] : undefined;

function* namesInSub(argument: unknown, conditions: Conditions): Generator<string> {
  const { text = "", variables = {} } = subCall(argument) ?? {};
  yield* namesIn(Object.values(variables), conditions);
  for (const part of subParts(text)) {
    if (part.kind === "name" && !Object.hasOwn(variables, part.name)) yield part.name.split(".")[0] ?? "";
  }
}
