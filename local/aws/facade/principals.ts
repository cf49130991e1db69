import { randomBytes } from "node:crypto";
import type { Principal } from "../service.ts";

/** What a unit signs its requests with. Locally the key names the unit; the secret is not verified. */
export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** Who is behind an access key. */
export type Principals = {
  issue(principal: Principal): Credentials;
  find(accessKeyId: string): Principal | undefined;
  /** Forgets a key when its unit is gone. */
  revoke(accessKeyId: string): void;
};

/** Longest id kept of a unit in its key: access keys of AWS have 20 characters, ours are told apart at a glance. */
const randomLength = 12;

/** Makes an empty registry; keys live as long as the process. */
export function createPrincipals(random: (size: number) => Buffer = randomBytes): Principals {
  const byKey = new Map<string, Principal>();
  return {
    issue: (principal) => {
      const accessKeyId = `LOCAL${random(randomLength).toString("hex").toUpperCase()}`;
      byKey.set(accessKeyId, principal);
      return { accessKeyId, secretAccessKey: random(20).toString("hex") };
    },
    find: (accessKeyId) => byKey.get(accessKeyId),
    revoke: (accessKeyId) => {
      byKey.delete(accessKeyId);
    },
  };
}

/**
 * Access key id of a request: from the SigV4 Authorization header or from a presigned address. The signature itself is
 * not checked: everything listens on loopback only, and the key is what tells units apart.
 */
export function accessKeyOf(authorization: string | undefined, query: URLSearchParams): string | undefined {
  const credential = /Credential=([^/,\s]+)\//.exec(authorization ?? "")?.[1];
  return credential ?? query.get("X-Amz-Credential")?.split("/", 1)[0];
}
