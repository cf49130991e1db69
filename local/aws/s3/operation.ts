import type { Permission } from "../service.ts";
import { parseCopySource, type S3Address, s3Arn } from "./address.ts";
import { S3Error } from "./s3-error.ts";

/** What a request is in terms of the API, and what IAM is asked for it. */
export type S3Operation = {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** `write` changes the object (or upload) at the key, `read` reads it, `none` touches no object. */
  readonly access: "read" | "write" | "none";
  /** Event of a bucket notification when it succeeds. */
  readonly creates?: string;
};

export type S3Request = S3Address & {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

type BucketRequest = S3Request & { readonly bucket: string };
type ObjectRequest = BucketRequest & { readonly key: string };

/** Finds the operation. Throws S3Error NotImplemented for what the pipeline does not use. */
export function operationOf(request: S3Request): S3Operation {
  const { bucket, key } = request;
  if (bucket === undefined) return serviceOperation(request);
  if (key === undefined) return bucketOperation({ ...request, bucket });
  return objectOperation({ ...request, bucket, key });
}

function serviceOperation({ method }: S3Request): S3Operation {
  if (method !== "GET") throw notImplemented();
  return { name: "ListBuckets", permissions: [{ action: "s3:ListAllMyBuckets", resource: "*" }], access: "none" };
}

/** Sub-resources of a bucket by `METHOD parameter`: operation and action. */
const bucketOperations: Readonly<Record<string, readonly [name: string, action: string]>> = {
  "GET location": ["GetBucketLocation", "s3:GetBucketLocation"],
  "GET uploads": ["ListMultipartUploads", "s3:ListBucketMultipartUploads"],
  "GET versioning": ["GetBucketVersioning", "s3:GetBucketVersioning"],
  "GET versions": ["ListObjectVersions", "s3:ListBucketVersions"],
  "GET ": ["ListObjects", "s3:ListBucket"],
  "GET list-type": ["ListObjectsV2", "s3:ListBucket"],
  "HEAD ": ["HeadBucket", "s3:ListBucket"],
  "PUT ": ["CreateBucket", "s3:CreateBucket"],
  "DELETE ": ["DeleteBucket", "s3:DeleteBucket"],
  // Its permissions are asked per key, when the body is read.
  "POST delete": ["DeleteObjects", ""],
};

function bucketOperation(request: BucketRequest): S3Operation {
  const found = bucketOperations[`${request.method} ${subResource(request.query)}`];
  if (!found) throw notImplemented();
  const [name, action] = found;
  const permission = { action, resource: s3Arn(request.bucket), context: listContext(request.query) };
  return { name, permissions: action === "" ? [] : [permission], access: "none" };
}

/** Sub-resources of an object that need one right and nothing else. */
const objectOperations: Readonly<Record<string, readonly [name: string, action: string]>> = {
  "GET uploadId": ["ListParts", "s3:ListMultipartUploadParts"],
  "POST uploads": ["CreateMultipartUpload", "s3:PutObject"],
  "DELETE uploadId": ["AbortMultipartUpload", "s3:AbortMultipartUpload"],
};

function objectOperation(request: ObjectRequest): S3Operation {
  const resource = s3Arn(request.bucket, request.key);
  const form = `${request.method} ${subResource(request.query)}`;
  const simple = objectOperations[form];
  if (simple) return { name: simple[0], permissions: [{ action: simple[1], resource }], access: "none" };
  const operation = objectForms[form];
  if (!operation) throw notImplemented();
  return operation(request, resource);
}

const objectForms: Readonly<Record<string, (request: ObjectRequest, resource: string) => S3Operation>> = {
  "GET ": (request, resource) => read("GetObject", request, resource),
  "HEAD ": (request, resource) => read("HeadObject", request, resource),
  "GET attributes": (_request, resource) => ({
    name: "GetObjectAttributes",
    permissions: ["s3:GetObject", "s3:GetObjectAttributes"].map((action) => ({ action, resource })),
    access: "read",
  }),
  "PUT ": put,
  "PUT partNumber": (request, resource) => ({
    name: "UploadPart",
    permissions: [{ action: "s3:PutObject", resource }, ...copyPermissions(request)],
    access: "none",
  }),
  "POST uploadId": (request, resource) => ({
    name: "CompleteMultipartUpload",
    permissions: [putPermission(request, resource), ...matchPermissions(request, resource)],
    access: "write",
    creates: "ObjectCreated:CompleteMultipartUpload",
  }),
  "DELETE ": (request, resource) => ({
    name: "DeleteObject",
    permissions: [
      { action: request.query.has("versionId") ? "s3:DeleteObjectVersion" : "s3:DeleteObject", resource },
      ...matchPermissions(request, resource),
    ],
    access: "write",
  }),
};

function read(name: string, { query }: ObjectRequest, resource: string): S3Operation {
  const action = query.has("versionId") ? "s3:GetObjectVersion" : "s3:GetObject";
  return { name, permissions: [{ action, resource }], access: "read" };
}

function put(request: ObjectRequest, resource: string): S3Operation {
  const copy = copyPermissions(request);
  return {
    name: copy.length > 0 ? "CopyObject" : "PutObject",
    permissions: [
      putPermission(request, resource),
      ...matchPermissions(request, resource),
      ...(headerOf(request, "x-amz-tagging") ? [{ action: "s3:PutObjectTagging", resource }] : []),
      ...copy,
    ],
    access: "write",
    creates: copy.length > 0 ? "ObjectCreated:Copy" : "ObjectCreated:Put",
  };
}

const putPermission = (request: S3Request, resource: string): Permission => {
  const match = headerOf(request, "if-match");
  const noneMatch = headerOf(request, "if-none-match");
  const context = {
    ...(match ? { "s3:if-match": match } : {}),
    ...(noneMatch ? { "s3:if-none-match": noneMatch } : {}),
  };
  return { action: "s3:PutObject", resource, context };
};

// To compare with an ETag tells something about the object: S3 wants the right to read it.
const matchPermissions = (request: S3Request, resource: string): readonly Permission[] =>
  headerOf(request, "if-match") ? [{ action: "s3:GetObject", resource }] : [];

function copyPermissions(request: S3Request): readonly Permission[] {
  const source = headerOf(request, "x-amz-copy-source");
  if (source === undefined) return [];
  const { bucket, key } = parseCopySource(source);
  return [{ action: "s3:GetObject", resource: s3Arn(bucket, key) }];
}

/** Query parameters that only shape an answer; any other one picks a sub-resource. */
const plainParameters = new Set([
  "x-id",
  "versionId",
  "prefix",
  "delimiter",
  "marker",
  "max-keys",
  "encoding-type",
  "continuation-token",
  "start-after",
  "fetch-owner",
  "response-content-type",
  "response-content-disposition",
  "max-buckets",
]);

function subResource(query: URLSearchParams): string {
  const names = [...query.keys()].filter(
    (name) => !plainParameters.has(name) && !name.toLowerCase().startsWith("x-amz-"),
  );
  if (names.includes("partNumber")) return query.has("uploadId") ? "partNumber" : "";
  return names[0] ?? "";
}

const listContext = (query: URLSearchParams): Record<string, string> => ({
  ...(query.has("prefix") ? { "s3:prefix": query.get("prefix") ?? "" } : {}),
  ...(query.has("delimiter") ? { "s3:delimiter": query.get("delimiter") ?? "" } : {}),
});

export function headerOf({ headers }: Pick<S3Request, "headers">, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

const notImplemented = (): S3Error =>
  new S3Error("NotImplemented", "A header or query you provided implies functionality that is not implemented", 501);
