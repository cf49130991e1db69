import { attributeOf, type Intrinsic, intrinsicOf, isRecord, subCall, subParts } from "./intrinsic.ts";
import { availabilityZones, type Scope } from "./scope.ts";
import { templateError } from "./template-error.ts";

/** What `AWS::NoValue` resolves to: the property or element disappears. */
const noValue = Symbol("AWS::NoValue");

/** Functions that need AWS: other stacks, account data, macros. Refused by name rather than answered wrongly. */
const onlyAws: Readonly<Record<string, string>> = {
  "Fn::ImportValue": "values of other stacks are not on this machine; one stack holds everything",
  "Fn::Transform": "a macro runs on AWS only",
  "Fn::Cidr": "not used by this template",
};
/** `{{resolve:secretsmanager:…}}`, `{{resolve:ssm:…}}`: CloudFormation would fetch a secret. */
const dynamicReference = "{{resolve:";

/**
 * The value with every intrinsic function answered. Throws WikilakeError TEMPLATE_REFERENCE for a name that is not there
 * (or that a condition removed), TEMPLATE_REFUSED for what only AWS can answer, TEMPLATE_INVALID for wrong arguments.
 */
export function resolveValue(value: unknown, scope: Scope): unknown {
  const resolved = resolve(value, scope);
  return resolved === noValue ? undefined : resolved;
}

function resolve(value: unknown, scope: Scope): unknown {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map((one) => resolve(one, scope)).filter((one) => one !== noValue);
  if (!isRecord(value)) return value;
  const call = intrinsicOf(value);
  if (call !== undefined) return answer(call, scope);
  const entries = Object.entries(value).map(([key, one]) => [key, resolve(one, scope)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== noValue));
}

function plainText(text: string): string {
  if (!text.includes(dynamicReference)) return text;
  throw templateError("TEMPLATE_REFUSED", "{{resolve:…}} asks AWS for a value that is not on this machine");
}

function answer({ name, argument }: Intrinsic, scope: Scope): unknown {
  switch (name) {
    case "Ref":
      return reference(String(argument), scope);
    case "Fn::GetAtt":
      return attribute(argument, scope);
    case "Fn::Sub":
      return substitute(argument, scope);
    case "Fn::If":
      return choose(argument, scope);
    case "Fn::Join":
      return join(list(name, resolve(argument, scope)));
    case "Fn::Select":
      return select(list(name, resolve(argument, scope)));
    case "Fn::Split":
      return split(list(name, resolve(argument, scope)));
    case "Fn::Base64":
      return Buffer.from(text(name, resolve(argument, scope)), "utf8").toString("base64");
    case "Fn::FindInMap":
      return findInMap(list(name, resolve(argument, scope)), scope);
    case "Fn::GetAZs":
      return availabilityZones(text(name, resolve(argument, scope)) || String(scope.pseudo["AWS::Region"]));
    case "Fn::Length":
      return list(name, resolve(argument, scope)).length;
    case "Fn::ToJsonString":
      return JSON.stringify(resolve(argument, scope));
    default:
      throw templateError("TEMPLATE_REFUSED", `${name}: ${onlyAws[name] ?? "no function that this machine knows"}`);
  }
}

function reference(name: string, scope: Scope): unknown {
  if (name === "AWS::NoValue") return noValue;
  if (Object.hasOwn(scope.pseudo, name)) return scope.pseudo[name];
  if (Object.hasOwn(scope.parameters, name)) return scope.parameters[name];
  return realised(name, scope).ref;
}

function attribute(argument: unknown, scope: Scope): unknown {
  const named = attributeOf(argument);
  if (named === undefined) throw templateError("TEMPLATE_INVALID", "Fn::GetAtt takes a resource and an attribute");
  const { attributes } = realised(named.logicalId, scope);
  if (Object.hasOwn(attributes, named.attribute)) return attributes[named.attribute];
  const nested = named.attribute
    .split(".")
    .reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), attributes);
  if (nested !== undefined) return nested;
  throw templateError("TEMPLATE_REFERENCE", `${named.logicalId} has no attribute ${named.attribute} on this machine`);
}

function realised(name: string, scope: Scope): { ref: string; attributes: Readonly<Record<string, unknown>> } {
  const found = scope.realised.get(name);
  if (found !== undefined) return found;
  const condition = scope.template.Resources[name]?.Condition;
  if (condition !== undefined && scope.conditions[condition] === false) {
    throw templateError("TEMPLATE_REFERENCE", `${name} is referred to, but condition ${condition} removed it`);
  }
  throw templateError("TEMPLATE_REFERENCE", `${name} is neither a parameter nor a resource that exists by now`);
}

function substitute(argument: unknown, scope: Scope): string {
  const call = subCall(argument);
  if (call === undefined) throw templateError("TEMPLATE_INVALID", "Fn::Sub takes a text, or a text and variables");
  const value = (name: string): unknown => {
    if (Object.hasOwn(call.variables, name)) return resolve(call.variables[name], scope);
    return name.includes(".") ? attribute(name, scope) : reference(name, scope);
  };
  const parts = subParts(call.text);
  return plainText(
    parts.map((part) => (part.kind === "text" ? part.text : text("Fn::Sub", value(part.name)))).join(""),
  );
}

function choose(argument: unknown, scope: Scope): unknown {
  const [condition, whenTrue, whenFalse] = list("Fn::If", argument);
  const decided = scope.conditions[String(condition)];
  if (decided === undefined) throw templateError("TEMPLATE_REFERENCE", `condition ${condition} is not in the template`);
  return resolve(decided ? whenTrue : whenFalse, scope);
}

const join = ([separator, parts]: readonly unknown[]): string =>
  list("Fn::Join", parts)
    .map((part) => text("Fn::Join", part))
    .join(text("Fn::Join", separator));

function select([index, parts]: readonly unknown[]): unknown {
  const chosen = list("Fn::Select", parts)[Number(index)];
  if (chosen === undefined) throw templateError("TEMPLATE_INVALID", `Fn::Select: the list has no element ${index}`);
  return chosen;
}

const split = ([separator, whole]: readonly unknown[]): string[] =>
  text("Fn::Split", whole).split(text("Fn::Split", separator));

function findInMap([map, first, second]: readonly unknown[], scope: Scope): unknown {
  const found = scope.template.Mappings[String(map)]?.[String(first)]?.[String(second)];
  if (found !== undefined) return found;
  throw templateError("TEMPLATE_REFERENCE", `mapping ${map} has no value at ${first}, ${second}`);
}

function list(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw templateError("TEMPLATE_INVALID", `${name} takes a list`);
}

/** Numbers and booleans become text as CloudFormation writes them. */
function text(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw templateError("TEMPLATE_INVALID", `${name} takes text, not ${Array.isArray(value) ? "a list" : typeof value}`);
}
