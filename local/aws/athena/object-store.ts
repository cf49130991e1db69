import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { WikilakeError } from "../../../lib/platform/errors.ts";

/** Where results go. Addresses are `s3://bucket/key`. */
export type ObjectStore = {
  put(address: string, body: string, contentType: string): Promise<void>;
  get(address: string): Promise<string>;
};

/** The S3 server itself, behind the IAM check that this room makes before it writes for a caller. */
export type S3Address = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

/** An object store on an S3 endpoint. Throws RESULT_STORE_FAILED (retriable) for whatever goes wrong there. */
export function createObjectStore({ endpoint, region, accessKeyId, secretAccessKey }: S3Address): ObjectStore {
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    // S3Mock takes aws-chunked bodies, but a plain PUT costs one round less.
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const failed = (what: string, address: string) => (cause: unknown) => {
    throw new WikilakeError("RESULT_STORE_FAILED", `${what} ${address} failed`, { retriable: true, cause });
  };
  return {
    put: async (address, body, contentType) => {
      await client
        .send(new PutObjectCommand({ ...splitAddress(address), Body: Buffer.from(body), ContentType: contentType }))
        .catch(failed("Writing", address));
    },
    get: async (address) => {
      const found = await client.send(new GetObjectCommand(splitAddress(address))).catch(failed("Reading", address));
      return (await found.Body?.transformToString()) ?? "";
    },
  };
}

/** Throws when the address is none: callers have checked it. */
export function splitAddress(address: string): { Bucket: string; Key: string } {
  const found = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(address);
  return { Bucket: found?.[1] ?? "", Key: found?.[2] ?? "" };
}
