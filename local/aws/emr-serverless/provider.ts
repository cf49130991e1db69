import type { ResourceProvider } from "../resource.ts";
import { readApplication } from "./application.ts";
import type { JobRunner } from "./job-runner.ts";

/** Realises AWS::EMRServerless::Application. */
export function createEmrServerlessProvider(runner: JobRunner): ResourceProvider {
  return {
    types: ["AWS::EMRServerless::Application"],
    create: async (resource) => {
      const app = readApplication(resource);
      runner.register(app);
      return { ref: app.id, attributes: { ApplicationId: app.id, Arn: app.arn } };
    },
  };
}
