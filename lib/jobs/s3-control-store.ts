import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import type { ControlStore } from "./control-store.ts";

/** S3 answers 412 when the object is there and 409 when another conditional write is under way. */
const conditionFailed = new Set([409, 412]);

/** Control objects in the stage bucket. */
export function createS3ControlStore(client: S3Client, bucket: string): ControlStore {
  return {
    get: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await Body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    putIfAbsent: async (key, body) => {
      try {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: "*" }));
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },
  };
}

const isConditionFailure = (error: unknown): boolean =>
  error instanceof S3ServiceException && conditionFailed.has(error.$metadata.httpStatusCode ?? 0);
