import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { createSecretsManagerProvider } from "../../../../local/aws/secrets-manager/provider.ts";
import { createSecrets } from "../../../../local/aws/secrets-manager/secrets.ts";
import { createSecretsManagerService } from "../../../../local/aws/secrets-manager/service.ts";
import { createStsService } from "../../../../local/aws/sts/service.ts";
import { roleAllowing, startFacade } from "../facade/contract-services.ts";
import { signedCall } from "../facade/signed-call.ts";

test("a secret is read by who may, and a value that a person set outlives a restart", async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "wikilake-secrets-"));
  const start = async () => {
    const secrets = createSecrets({ stateDir, now: () => 0 });
    const provider = createSecretsManagerProvider({ secrets, prefix: "p" });
    const properties = { Name: "wikilake/local/slack-webhook", GenerateSecretString: { PasswordLength: 16 } };
    const { ref } = await provider.create({
      logicalId: "SlackWebhook",
      type: "AWS::SecretsManager::Secret",
      properties,
    });
    const running = await startFacade(
      [createSecretsManagerService({ secrets })],
      [roleAllowing("Notify", ["secretsmanager:GetSecretValue"], [ref])],
    );
    const call = (operation: string, input: object, role?: string) =>
      signedCall(running, "secrets-manager", role, `secretsmanager.${operation}`, JSON.stringify(input));
    return { ref, running, call };
  };
  const first = await start();
  const SecretId = "wikilake/local/slack-webhook";
  const generated = JSON.parse((await first.call("GetSecretValue", { SecretId: first.ref }, "Notify")).text);
  expect(generated).toMatchObject({ ARN: first.ref, Name: SecretId, VersionStages: ["AWSCURRENT"] });
  expect(generated.SecretString).toHaveLength(16);
  expect(await first.call("PutSecretValue", { SecretId, SecretString: "x" }, "Notify")).toMatchObject({ status: 403 });
  await first.call("PutSecretValue", { SecretId, SecretString: "https://hooks.example.org/x" });
  await first.running.facade.close();

  const second = await start();
  expect(second.ref).toBe(first.ref);
  const kept = JSON.parse((await second.call("GetSecretValue", { SecretId })).text);
  expect(kept.SecretString).toBe("https://hooks.example.org/x");
  expect(await second.call("GetSecretValue", { SecretId: "none" })).toMatchObject({
    status: 400,
    text: expect.stringContaining("ResourceNotFoundException"),
  });
  const [file = ""] = await readdir(join(stateDir, "runtime", "secrets"));
  expect((await stat(join(stateDir, "runtime", "secrets", file))).mode & 0o777).toBe(0o600);
  await second.running.facade.close();
  await rm(stateDir, { recursive: true });
});

test("everybody may ask who they are", async () => {
  const running = await startFacade([createStsService()], [roleAllowing("Unit", [], [])]);
  const answer = await signedCall(running, "sts", "Unit", "", "Action=GetCallerIdentity&Version=2011-06-15");
  expect(answer.text).toContain("<Arn>arn:aws:iam::000000000000:role/Unit</Arn>");
  const other = await signedCall(running, "sts", "Unit", "", "Action=AssumeRole&Version=2011-06-15");
  expect(other).toMatchObject({ status: 400, text: expect.stringContaining("<Code>InvalidAction</Code>") });
  await running.facade.close();
});
