import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { s3ClientOf } from "./deliver.ts";

type Upload = {
  /** The packaged Spark files. */
  readonly folder: string;
  readonly bucket: string;
  /** `jobs/<version>/`: a version's files never change. */
  readonly prefix: string;
  readonly environment: Readonly<Record<string, string>>;
};

/** Puts the Spark job files where the template says that jobs find them; files already there are left. */
export async function uploadJobs({ folder, bucket, prefix, environment }: Upload): Promise<void> {
  const s3 = s3ClientOf(environment);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((found) => found.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    const body = await readFile(file);
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const target = { Bucket: bucket, Key: `${prefix}${path.relative(folder, file).split(path.sep).join("/")}` };
    const there = await s3.send(new HeadObjectCommand(target)).catch(() => undefined); // not there yet
    if (there?.ETag !== etag) await s3.send(new PutObjectCommand({ ...target, Body: body }));
  }
  s3.destroy();
}
