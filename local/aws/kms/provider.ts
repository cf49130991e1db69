import { createHash } from "node:crypto";
import { z } from "zod";
import { arn } from "../account.ts";
import type { ResourcePolicies } from "../iam/resource-policies.ts";
import type { ResourceProvider } from "../resource.ts";

const keySchema = z.looseObject({ KeyPolicy: z.record(z.string(), z.unknown()) });

/** Realises keys as far as IAM goes: nothing is encrypted here, but a missing permission on a key refuses as on AWS. */
export function createKmsProvider({
  resourcePolicies,
}: {
  readonly resourcePolicies: ResourcePolicies;
}): ResourceProvider {
  return {
    types: ["AWS::KMS::Key"],
    create: async ({ logicalId, properties }) => {
      const { KeyPolicy } = keySchema.parse(properties);
      const hex = createHash("sha256").update(logicalId).digest("hex");
      const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
      const keyArn = arn("kms", `key/${id}`);
      resourcePolicies.put(keyArn, logicalId, KeyPolicy);
      return { ref: id, attributes: { KeyId: id, Arn: keyArn } };
    },
  };
}
