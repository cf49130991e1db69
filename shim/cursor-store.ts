import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import { decodePositions, encodePositions, type Positions } from "../lib/core/source-position.ts";
import type { Clock } from "../lib/platform/clock.ts";

/** The second home of the cursor: what the topics have forgotten (they keep 7 days) it still knows. */
export type CursorStore = {
  /** undefined when there is none, or what is there cannot be read as one. Throws when the store does not answer. */
  read(): Promise<Positions | undefined>;
  write(marks: Positions): Promise<void>;
};

export const cursorKey = "shim/cursor.json";

const fileSchema = z.object({ marks: z.record(z.string(), z.number()) });

export function createCursorStore(s3: S3Client, bucket: string, shimEpoch: string, clock: Clock): CursorStore {
  const target = { Bucket: bucket, Key: cursorKey };
  return {
    read: async () => {
      try {
        const { Body } = await s3.send(new GetObjectCommand(target));
        return readMarks((await Body?.transformToString("utf-8")) ?? "");
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    write: async (marks) => {
      const file = { marks: JSON.parse(encodePositions(marks)), written_at: new Date(clock.now()).toISOString() };
      const Body = JSON.stringify({ ...file, shim_epoch: shimEpoch });
      await s3.send(new PutObjectCommand({ ...target, Body, ContentType: "application/json" }));
    },
  };
}

/** A torn or foreign file is no cursor: the topics have one as well. */
function readMarks(text: string): Positions | undefined {
  try {
    return decodePositions(JSON.stringify(fileSchema.parse(JSON.parse(text)).marks));
  } catch {
    return undefined;
  }
}
