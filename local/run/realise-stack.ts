import { localAccount } from "../aws/account.ts";
import { type RealisedStack, realise } from "../template/realise.ts";
import { loadTemplate } from "../template/template.ts";
import type { Cloud } from "./create-cloud.ts";
import { localStack } from "./local-stack.ts";
import type { Packaged, StartLakeOptions } from "./start-options.ts";
import { uploadJobs } from "./upload-jobs.ts";

/** Realises the packaged template; its job files are in place before anything could start a job. */
export async function realiseStack(
  { once: isOnce, overrides, signal, progress }: StartLakeOptions,
  packaged: Packaged,
  cloud: Cloud,
): Promise<RealisedStack> {
  const template = loadTemplate(packaged.templateFile);
  const parameters = { ...(isOnce ? { ScheduleState: "DISABLED" } : {}), ...overrides.parameters };
  let jobs: Promise<void> | undefined;
  const stack = await realise(template, cloud.providers, {
    stackName: localStack.name,
    parameters,
    signal,
    onResource: ({ logicalId, outcome, index, count }) => {
      if (outcome === "creating" && logicalId === "Tables")
        progress(`realising the template: ${index + 1} of ${count}, creating tables`);
      // Job files are there before anything could start a job.
      if (outcome === "created" && logicalId === "StageBucket") jobs = upload(packaged, cloud);
    },
  });
  await (jobs ?? upload(packaged, cloud));
  return stack;
}

const upload = ({ jobsFolder, jobsVersion }: Packaged, cloud: Cloud): Promise<void> =>
  uploadJobs({
    folder: jobsFolder,
    bucket: `${localStack.name}-stage-${localAccount.accountId}`,
    prefix: `jobs/${jobsVersion}/`,
    environment: cloud.operatorEnvironment,
  });
