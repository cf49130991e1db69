import { randomBytes } from "node:crypto";
import type { Principal } from "../service.ts";

/** What a unit signs its requests with. Locally the key names the unit; the secret is not verified. */
export type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string };

/** Who is behind an access key. */
export type Principals = {
  /** The key of a principal; the same one each time, so that a long run does not pile them up. */
  issue(principal: Principal): Credentials;
  find(accessKeyId: string): Principal | undefined;
};

/** Bytes of chance in a key: one that a unit was not given cannot be guessed. */
const keyBytes = 12;
const secretBytes = 20;

/** Makes an empty registry; keys live as long as the process. */
export function createPrincipals(random: (size: number) => Buffer = randomBytes): Principals {
  const byArn = new Map<string, Credentials>();
  const byKey = new Map<string, Principal>();
  return {
    issue: (principal) => {
      const known = byArn.get(principal.arn);
      if (known) return known;
      const accessKeyId = `LOCAL${random(keyBytes).toString("hex").toUpperCase()}`;
      const credentials = { accessKeyId, secretAccessKey: random(secretBytes).toString("hex") };
      byArn.set(principal.arn, credentials);
      byKey.set(accessKeyId, principal);
      return credentials;
    },
    find: (accessKeyId) => byKey.get(accessKeyId),
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
