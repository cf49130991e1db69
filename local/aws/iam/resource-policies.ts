import type { PolicyDocument } from "./policy.ts";
import { statementsOf } from "./policy.ts";

/**
 * Policies that hang on a resource instead of on a caller: bucket, topic, queue and key policies, Lambda permissions.
 * Several sources may add statements to one resource (one AWS::Lambda::Permission each); they count as one policy.
 */
export type ResourcePolicies = {
  /** Adds or replaces what `sourceId` (a logical id) says about a resource. Throws when it is no policy document. */
  put(resourceArn: string, sourceId: string, document: PolicyDocument): void;
  /** The one policy of a resource; the same object until something is put. An object's is that of its bucket. */
  find(resourceArn: string): PolicyDocument | undefined;
};

/** Makes an empty registry. */
export function createResourcePolicies(): ResourcePolicies {
  const sources = new Map<string, Map<string, PolicyDocument>>();
  const merged = new Map<string, PolicyDocument>();
  return {
    put: (resourceArn, sourceId, document) => {
      statementsOf(document, sourceId);
      const owner = ownerOf(resourceArn);
      const bySource = sources.get(owner) ?? new Map<string, PolicyDocument>();
      bySource.set(sourceId, document);
      sources.set(owner, bySource);
      merged.set(owner, merge([...bySource.values()]));
    },
    find: (resourceArn) => merged.get(ownerOf(resourceArn)),
  };
}

function merge(documents: readonly PolicyDocument[]): PolicyDocument {
  const [first] = documents;
  if (documents.length === 1 && first) return first;
  return { Version: "2012-10-17", Statement: documents.flatMap((document) => document["Statement"]) };
}

// An object is governed by its bucket's policy, a function's version or alias here by the function's.
function ownerOf(arn: string): string {
  if (arn.startsWith("arn:aws:s3:::")) return arn.split("/", 1)[0] ?? arn;
  const parts = arn.split(":");
  return parts[2] === "lambda" && parts[5] === "function" ? parts.slice(0, 7).join(":") : arn;
}
