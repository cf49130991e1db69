import { S3Error } from "./s3-error.ts";

/** A path-style address, decoded; `path` is its one canonical spelling, which is what S3Mock gets. */
export type S3Address = {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: URLSearchParams;
  readonly path: string;
};

/** Bucket names of AWS; also keeps anything but a plain name out of paths and ARNs. */
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** AWS's limit. */
const maxKeyBytes = 1024;

/**
 * Reads a request target. IAM is asked about the decoded key and S3Mock gets the same key encoded anew, so that no
 * spelling (`;`, `%2e`) can mean one key here and another there. Throws S3Error.
 */
export function parseAddress(target: string): S3Address {
  const [path = "/", search = ""] = splitOnce(target, "?");
  const query = new URLSearchParams(search);
  const [rawBucket = "", rawKey] = splitOnce(path.replace(/^\//, ""), "/");
  if (rawBucket === "") return { bucket: undefined, key: undefined, query, path: "/" };
  const bucket = decode(rawBucket);
  if (!bucketName.test(bucket)) throw new S3Error("InvalidBucketName", "The specified bucket is not valid.", 400);
  const key = rawKey === undefined || rawKey === "" ? undefined : decode(rawKey);
  if (key === undefined) return { bucket, key, query, path: `/${bucket}` };
  if (Buffer.byteLength(key) > maxKeyBytes) throw new S3Error("KeyTooLongError", "Your key is too long", 400);
  return { bucket, key, query, path: objectPath(bucket, key) };
}

/** `/bucket/key` with each part of the key encoded. */
export const objectPath = (bucket: string, key: string): string =>
  `/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;

/** ARN of a bucket, or of an object in it. */
export const s3Arn = (bucket: string, key?: string): string =>
  `arn:aws:s3:::${bucket}${key === undefined ? "" : `/${key}`}`;

/** Source of a copy: `/bucket/key?versionId=…`, encoded once. Throws S3Error. */
export function parseCopySource(header: string): { readonly bucket: string; readonly key: string } {
  const { bucket, key } = parseAddress(`/${header.replace(/^\//, "")}`);
  if (!bucket || !key) throw new S3Error("InvalidArgument", "Copy Source must mention the source bucket and key", 400);
  return { bucket, key };
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error("InvalidURI", "Couldn't parse the specified URI.", 400);
  }
}
