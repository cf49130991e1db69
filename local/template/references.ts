import { attributeOf, intrinsicOf, isRecord, subCall, subParts } from "./intrinsic.ts";
import type { Scope } from "./scope.ts";

/**
 * Names that a value refers to (resources, parameters, pseudo parameters), in the branches that the decided conditions
 * choose.
 */
export function referencesIn(value: unknown, conditions: Scope["conditions"]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (one: unknown): void => {
    if (Array.isArray(one)) return one.forEach(visit);
    if (!isRecord(one)) return;
    const call = intrinsicOf(one);
    if (call === undefined) return Object.values(one).forEach(visit);
    const { name, argument } = call;
    if (name === "Ref") return void found.add(String(argument));
    if (name === "Fn::GetAtt") return void found.add(attributeOf(argument)?.logicalId ?? "");
    if (name === "Fn::Sub") return visitSub(argument);
    if (name === "Fn::If" && Array.isArray(argument)) return visit(argument[conditions[argument[0]] ? 1 : 2]);
    visit(argument);
  };
  const visitSub = (argument: unknown): void => {
    const call = subCall(argument);
    if (call === undefined) return;
    Object.values(call.variables).forEach(visit);
    for (const part of subParts(call.text)) {
      if (part.kind === "name" && !Object.hasOwn(call.variables, part.name)) found.add(part.name.split(".")[0] ?? "");
    }
  };
  visit(value);
  return found;
}
