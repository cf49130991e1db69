import { AwsError, type Principal } from "../service.ts";
import { accessKeyOf, type Principals } from "./principals.ts";

/** What of a request says who sent it and when. */
export type Signed = {
  readonly authorization: string | undefined;
  /** `x-amz-date` header. */
  readonly date: string | undefined;
  readonly query: URLSearchParams;
};

/** Age at which AWS stops accepting a signature: 5 minutes, 15 at S3. A paused process must not do late what it began. */
export const signatureLifeMs = { services: 5 * 60_000, s3: 15 * 60_000 } as const;

/**
 * The principal of a request. Throws AwsError for no key, an unknown key, and a signature that is too old (or a presigned
 * address that has expired). The signature itself is not verified.
 */
export function authenticate(signed: Signed, principals: Principals, nowMs: number, lifeMs: number): Principal {
  const accessKey = accessKeyOf(signed.authorization, signed.query);
  if (!accessKey)
    throw new AwsError("MissingAuthenticationTokenException", "Request is missing Authentication Token", 403);
  const principal = principals.find(accessKey);
  if (!principal) {
    throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", 403);
  }
  const date = signed.date ?? signed.query.get("X-Amz-Date") ?? undefined;
  const life = signed.authorization ? lifeMs : Number(signed.query.get("X-Amz-Expires") ?? 0) * 1000;
  const signedAt = date === undefined ? Number.NaN : parseDate(date);
  if (nowMs - signedAt > life) {
    throw new AwsError("InvalidSignatureException", `Signature expired: ${date} is too old`, 403);
  }
  return principal;
}

/** `20260102T030405Z` as milliseconds; NaN when it is no date. */
function parseDate(date: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}
