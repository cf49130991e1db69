import type { Statement } from "./policy.ts";

/**
 * What a set of policies can tell apart. Two resources that match the same patterns of the statements about an action,
 * and have the same shape, get the same answer: so an answer is kept per class, not per S3 key.
 */
export type Equivalence = {
  /** Class of a resource for an action under a context; equal classes have equal decisions. */
  classOf(action: string, resource: string, context: Readonly<Record<string, string>>): string;
};

type Matcher = {
  readonly actions: readonly RegExp[];
  readonly negated: boolean;
  readonly resources: readonly RegExp[];
};

/** Reads statements once. With a policy variable in a resource pattern every resource is its own class. */
export function createEquivalence(statements: readonly Statement[]): Equivalence {
  const matchers = statements.map(compile);
  const conditionKeys = new Set(statements.flatMap(conditionKeysOf));
  const variable = statements.some((statement) => patternsOf(statement).some((pattern) => pattern.includes("${")));
  const byAction = new Map<string, readonly RegExp[]>();
  const patternsFor = (action: string): readonly RegExp[] => {
    const known = byAction.get(action);
    if (known) return known;
    const patterns = matchers.filter((matcher) => concerns(matcher, action)).flatMap(({ resources }) => resources);
    byAction.set(action, patterns);
    return patterns;
  };
  return {
    classOf: (action, resource, context) => {
      const bits = variable
        ? resource
        : patternsFor(action)
            .map((p) => (p.test(resource) ? "1" : "0"))
            .join("");
      const seen = Object.entries(context).filter(([key]) => conditionKeys.has(key.toLowerCase()));
      const values = seen.map(([key, value]) => `${key.toLowerCase()}=${value}`).sort();
      return JSON.stringify([action, shapeOf(resource), bits, values]);
    },
  };
}

/** Service and form of an ARN: what decides its resource type, whatever the names in it are. */
export function shapeOf(resource: string): string {
  const [, , service = "", , , ...rest] = resource.split(":");
  const path = rest.join(":");
  if (service === "s3") return path.includes("/") ? "s3:object" : "s3:bucket";
  const segments = path.split(/[:/]/);
  return `${service}:${segments.find((segment) => segment !== "") ?? ""}:${segments.length}`;
}

function compile(statement: Statement): Matcher {
  return {
    actions: (statement.Action ?? statement.NotAction ?? []).map((pattern) => wildcard(pattern, "i")),
    negated: statement.Action === undefined,
    resources: patternsOf(statement).map((pattern) => wildcard(pattern, "")),
  };
}

const concerns = ({ actions, negated }: Matcher, action: string): boolean =>
  actions.some((pattern) => pattern.test(action)) !== negated;
const patternsOf = (statement: Statement): readonly string[] => [
  ...(statement.Resource ?? []),
  ...(statement.NotResource ?? []),
];
const conditionKeysOf = (statement: Statement): readonly string[] =>
  Object.values(statement.Condition ?? {}).flatMap((keys) => Object.keys(keys).map((key) => key.toLowerCase()));

function wildcard(pattern: string, flags: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, `s${flags}`);
}
