import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { WikilakeError } from "../lib/platform/errors.ts";

/** Where everything of one packaged stage lies. Paths are absolute. */
export type PackagedStage = {
  readonly stage: string;
  readonly folder: string;
  /** The CloudFormation template that AWS is given, as JSON. */
  readonly templateFile: string;
  /** Zip of each function by its logical id in the template. */
  readonly functions: Readonly<Record<string, string>>;
  readonly shimBundle: string;
  /** Folder whose content belongs under `jobs/<jobsVersion>/` of the stage bucket. */
  readonly jobsFolder: string;
  readonly jobsVersion: string;
  /** Hash over everything that went in. */
  readonly inputsHash: string;
  /** False when the folder was already up to date and nothing was done. */
  readonly isFresh: boolean;
};

/** osls's name for the template that creates or updates the whole stack. */
const templateName = "cloudformation-template-update-stack.json";
/** Written last: its presence says that the folder is complete. */
export const inputsHashName = "inputs.sha256";

const templateSchema = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().optional() })),
  Outputs: z.object({ JobsUri: z.object({ Value: z.object({ "Fn::Sub": z.string() }) }) }),
});
const functionSchema = z.object({ Code: z.object({ S3Key: z.string() }) });

function functionZips(folder: string, resources: z.infer<typeof templateSchema>["Resources"]): Record<string, string> {
  const functions = Object.entries(resources).filter(([, resource]) => resource.Type === "AWS::Lambda::Function");
  return Object.fromEntries(
    functions.map(([logicalId, resource]) => {
      const zip = join(folder, basename(functionSchema.parse(resource.Properties).Code.S3Key));
      if (!existsSync(zip)) {
        throw new WikilakeError("PACKAGE_INCOMPLETE", `${logicalId} has no zip at ${zip}`, { retriable: false });
      }
      return [logicalId, zip];
    }),
  );
}

/** Reads a packaged folder. Throws WikilakeError PACKAGE_INCOMPLETE when a function's zip is missing. */
export function readPackagedStage(folder: string, stage: string, inputsHash: string, isFresh: boolean): PackagedStage {
  const templateFile = join(folder, templateName);
  const template = templateSchema.parse(JSON.parse(readFileSync(templateFile, "utf8")));
  return {
    stage,
    folder,
    templateFile,
    functions: functionZips(folder, template.Resources),
    shimBundle: join(folder, "shim", "main.mjs"),
    jobsFolder: join(folder, "jobs"),
    jobsVersion: basename(template.Outputs.JobsUri.Value["Fn::Sub"]),
    inputsHash,
    isFresh,
  };
}
