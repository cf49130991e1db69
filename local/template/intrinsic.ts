/** A call of a CloudFormation function: `{ "Fn::Join": [...] }`, `{ "Ref": "X" }`, `{ "Condition": "X" }`. */
export type Intrinsic = { readonly name: string; readonly argument: unknown };

/** Objects whose only key is one of these are calls; `Condition` is one only where a condition is expected. */
const isFunctionName = (key: string): boolean => key === "Ref" || key.startsWith("Fn::");

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The function that an object calls, or nothing when it is plain data. */
export function intrinsicOf(value: unknown): Intrinsic | undefined {
  if (!isRecord(value)) return undefined;
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || !isFunctionName(entry[0])) return undefined;
  return { name: entry[0], argument: entry[1] };
}

/** What `Fn::GetAtt` names, in its list and its dotted form. */
export function attributeOf(argument: unknown): { readonly logicalId: string; readonly attribute: string } | undefined {
  const parts = typeof argument === "string" ? argument.split(".") : argument;
  if (!Array.isArray(parts) || parts.length < 2) return undefined;
  const [logicalId, ...path] = parts;
  if (typeof logicalId !== "string" || !path.every((part) => typeof part === "string")) return undefined;
  return { logicalId, attribute: path.join(".") };
}

/** `${Name}`, `${Name.Attribute}`, `${AWS::Region}`; `${!Literal}` is text. Names never hold braces. */
const placeholder = /\$\{([^{}]*)\}/g;

export type SubPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "name"; readonly name: string };

/** Cuts the text of an `Fn::Sub`. */
export function subParts(text: string): SubPart[] {
  const parts: SubPart[] = [];
  let end = 0;
  for (const match of text.matchAll(placeholder)) {
    if (match.index > end) parts.push({ kind: "text", text: text.slice(end, match.index) });
    const name = match[1] ?? "";
    parts.push(
      name.startsWith("!") ? { kind: "text", text: `\${${name.slice(1)}}` } : { kind: "name", name: name.trim() },
    );
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: "text", text: text.slice(end) });
  return parts;
}

export type SubCall = { readonly text: string; readonly variables: Readonly<Record<string, unknown>> };

/** The text and the variables of an `Fn::Sub`, in its short and its list form. */
export function subCall(argument: unknown): SubCall | undefined {
  if (typeof argument === "string") return { text: argument, variables: {} };
  if (!Array.isArray(argument)) return undefined;
  const [text, variables = {}] = argument;
  return typeof text === "string" && isRecord(variables) ? { text, variables } : undefined;
}
