import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type ControlObjects, resumePipeline } from "../control/resume-pipeline.ts";
import { exitCodes } from "../exit-codes.ts";
import { resolveTarget, type Target, type TargetOptions } from "../target.ts";

/** `wikilake resume`: a pipeline that was held after failed gates runs again with its next cycle. */
export async function resumeCommand(options: TargetOptions & { readonly newBaselines?: boolean }): Promise<number> {
  const target = resolveTarget(options);
  const objects = await controlObjects(target);
  const newBaselines = options.newBaselines ?? false;
  const resumed = await resumePipeline(objects, { newBaselines, nowMs: Date.now() });
  if (newBaselines) console.log("Drift is judged anew once a week of days has been seen.");
  if (resumed.kind === "not_held") console.log("The pipeline is not held.");
  else
    console.log(
      `The pipeline runs again with its next cycle. It was held after ${resumed.failures} failures: ${resumed.reason}`,
    );
  return exitCodes.ok;
}

async function controlObjects({ stage, region }: Target): Promise<ControlObjects> {
  const { Account } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
  const bucket = `wikilake-${stage}-stage-${Account}`;
  const s3 = new S3Client({ region });
  return {
    get: async (key) => {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await Body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    put: async (key, body) => void (await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))),
  };
}
