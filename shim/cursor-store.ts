import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import type { Positions } from "../lib/core/source-position.ts";
import type { Clock } from "../lib/platform/clock.ts";

export type StoredCursor = {
  readonly marks: Positions;
  /** Times before which a topic is not asked for: where it first started, or what the source last refused to go behind. */
  readonly floors: Positions;
};

/** The second home of the cursor: what the topics have forgotten (they keep 7 days) it still knows. */
export type CursorStore = {
  /** undefined when there is none, or what is there cannot be read as one. Throws when the store does not answer. */
  read(): Promise<StoredCursor | undefined>;
  write(cursor: StoredCursor): Promise<void>;
};

export const cursorKey = "shim/cursor.json";

const positions = z.record(z.string().min(1), z.int().nonnegative());
const fileSchema = z.object({ marks: positions, floors: positions.default({}) });

export function createCursorStore(s3: S3Client, bucket: string, shimEpoch: string, clock: Clock): CursorStore {
  const target = { Bucket: bucket, Key: cursorKey };
  return {
    read: async () => {
      try {
        const { Body } = await s3.send(new GetObjectCommand(target));
        return readCursor((await Body?.transformToString("utf-8")) ?? "");
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    write: async ({ marks, floors }) => {
      const file = { marks: Object.fromEntries(marks), floors: Object.fromEntries(floors), shim_epoch: shimEpoch };
      const Body = JSON.stringify({ ...file, written_at: new Date(clock.now()).toISOString() });
      await s3.send(new PutObjectCommand({ ...target, Body, ContentType: "application/json" }));
    },
  };
}

/** A torn or foreign file is no cursor: the topics have one as well. */
function readCursor(text: string): StoredCursor | undefined {
  try {
    const { marks, floors } = fileSchema.parse(JSON.parse(text));
    return { marks: new Map(Object.entries(marks)), floors: new Map(Object.entries(floors)) };
  } catch {
    return undefined;
  }
}
