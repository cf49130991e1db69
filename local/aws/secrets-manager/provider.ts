import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { ResourceProvider } from "../resource.ts";
import type { Secrets } from "./secrets.ts";

const secretSchema = z.looseObject({
  Name: z.string().optional(),
  SecretString: z.string().optional(),
  GenerateSecretString: z
    .looseObject({ PasswordLength: z.coerce.number().int().min(1).max(4096).default(32) })
    .optional(),
});

export type SecretsProviderDeps = {
  readonly secrets: Secrets;
  readonly prefix: string;
  readonly random?: (size: number) => Buffer;
};

/** Realises secrets; a value that a person set in an earlier run stays. */
export function createSecretsManagerProvider({
  secrets,
  prefix,
  random = randomBytes,
}: SecretsProviderDeps): ResourceProvider {
  return {
    types: ["AWS::SecretsManager::Secret"],
    create: async ({ logicalId, properties }) => {
      const { Name, SecretString, GenerateSecretString } = secretSchema.parse(properties);
      const length = GenerateSecretString?.PasswordLength ?? 0;
      const initial = (): string => SecretString ?? random(length).toString("base64url").slice(0, length);
      const { arn } = await secrets.open(Name ?? `${prefix}-${logicalId}`, initial);
      return { ref: arn, attributes: { Id: arn } };
    },
  };
}
