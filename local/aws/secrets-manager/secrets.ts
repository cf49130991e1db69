import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { arn } from "../account.ts";

const valueSchema = z.object({ value: z.string(), versionId: z.string(), createdMs: z.number() });
export type SecretValue = z.output<typeof valueSchema>;
export type Secret = { readonly arn: string; readonly name: string };

export type Secrets = {
  /** Adds a secret; `initial` is asked only when an earlier run left no value. */
  open(name: string, initial: () => string): Promise<Secret>;
  /** By ARN or name. */
  find(id: string): Secret | undefined;
  value(secret: Secret): Promise<SecretValue>;
  set(secret: Secret, value: string): Promise<SecretValue>;
};

/** Keeps secrets under `runtime/secrets/` of the state folder, readable by the owner alone. They are not encrypted. */
export function createSecrets({
  stateDir,
  now = Date.now,
}: {
  readonly stateDir: string;
  readonly now?: () => number;
}): Secrets {
  const folder = join(stateDir, "runtime", "secrets");
  const secrets = new Map<string, Secret>();
  // A name may hold slashes.
  const fileOf = ({ name }: Secret): string => join(folder, `${encodeURIComponent(name)}.json`);
  const set: Secrets["set"] = async (secret, value) => {
    const versionId = createHash("sha256").update(`${now()} ${value}`).digest("hex").slice(0, 32);
    const stored = { value, versionId, createdMs: now() };
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(`${fileOf(secret)}.part`, JSON.stringify(stored), { mode: 0o600 });
    await rename(`${fileOf(secret)}.part`, fileOf(secret));
    return stored;
  };
  return {
    open: async (name, initial) => {
      const secret = { name, arn: arn("secretsmanager", `secret:${name}-${suffixOf(name)}`) };
      secrets.set(secret.arn, secret);
      if (!(await exists(fileOf(secret)))) await set(secret, initial());
      return secret;
    },
    find: (id) => secrets.get(id) ?? [...secrets.values()].find(({ name }) => name === id),
    value: async (secret) => valueSchema.parse(JSON.parse(await readFile(fileOf(secret), "utf8"))),
    set,
  };
}

/** AWS ends a secret's ARN in six random characters; here they are the same at every start. */
const suffixOf = (name: string): string =>
  createHash("sha256")
    .update(name)
    .digest("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .slice(0, 6);

async function exists(file: string): Promise<boolean> {
  try {
    await readFile(file);
    return true;
  } catch {
    return false;
  }
}
