import { arn } from "../account.ts";
import { AwsError, type AwsRequest, type AwsService } from "../service.ts";
import type { Secret, Secrets } from "./secrets.ts";

/** Reads secrets, and lets a person set one (PutSecretValue). */
export function createSecretsManagerService({ secrets }: { readonly secrets: Secrets }): AwsService {
  return {
    name: "secrets-manager",
    protocol: "json-1.1",
    permissions: ({ operation, input }) => {
      const id = String(input["SecretId"]);
      // For a secret that is not there AWS asks about the name as it was given.
      return [
        {
          action: `secretsmanager:${operation}`,
          resource: secrets.find(id)?.arn ?? arn("secretsmanager", `secret:${id}`),
        },
      ];
    },
    handle: async (request) => ({ body: await handle(request, secrets) }),
  };
}

async function handle({ operation, input }: AwsRequest, secrets: Secrets): Promise<unknown> {
  if (operation !== "GetSecretValue" && operation !== "PutSecretValue") {
    throw new AwsError("UnknownOperationException", `${operation} is not known here`);
  }
  const secret = secrets.find(String(input["SecretId"]));
  if (!secret) throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  return operation === "GetSecretValue" ? read(secret, secrets) : write(secret, input["SecretString"], secrets);
}

async function read(secret: Secret, secrets: Secrets): Promise<unknown> {
  const { value, versionId, createdMs } = await secrets.value(secret);
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: versionId,
    SecretString: value,
    VersionStages: ["AWSCURRENT"],
    CreatedDate: new Date(createdMs),
  };
}

async function write(secret: Secret, value: unknown, secrets: Secrets): Promise<unknown> {
  if (typeof value !== "string") throw new AwsError("InvalidRequestException", "You must provide SecretString.");
  const { versionId } = await secrets.set(secret, value);
  return { ARN: secret.arn, Name: secret.name, VersionId: versionId, VersionStages: ["AWSCURRENT"] };
}
