import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createEcsProvider } from "../../../../local/aws/ecs/provider.ts";
import { createEcsRuntime, type EcsRuntime, type ServiceView } from "../../../../local/aws/ecs/runtime.ts";
import { createEcsService } from "../../../../local/aws/ecs/service.ts";
import { AwsError } from "../../../../local/aws/service.ts";
import { createClock } from "../../../../local/aws/unit.ts";

const taskRole = "arn:aws:iam::000000000000:role/task";
let stateDir = "";
let runtime: EcsRuntime;
let mayFinish = false;
let lines: string[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-ecs-"));
  mayFinish = false;
  lines = [];
  runtime = createEcsRuntime({
    stateDir,
    clock: createClock(50),
    assumeRole: async (service, arn) => {
      if (service !== "ecs-tasks.amazonaws.com" || arn.endsWith("other"))
        throw new AwsError("AccessDenied", "no trust", 403);
      return { arn, roleId: "TaskRole" };
    },
    environmentFor: ({ roleId }) => ({ AWS_ACCESS_KEY_ID: roleId }),
    bundleFor: () => path.join(stateDir, "main.mjs"),
    overridesFor: () => ({ environment: { SOURCE_URL: "file:///feed" }, mayFinish }),
    onLogLine: ({ line }) => lines.push(line),
  });
});
afterEach(async () => {
  await runtime.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

async function serve(program: string, container: Record<string, unknown> = {}, task: Record<string, unknown> = {}) {
  writeFileSync(path.join(stateDir, "main.mjs"), program);
  const provider = createEcsProvider(runtime);
  const cluster = await provider.create({
    logicalId: "C",
    type: "AWS::ECS::Cluster",
    properties: { ClusterName: "wl" },
  });
  const definition = await provider.create({
    logicalId: "T",
    type: "AWS::ECS::TaskDefinition",
    properties: {
      Family: "shim",
      Memory: "512",
      Cpu: "256",
      TaskRoleArn: taskRole,
      ContainerDefinitions: [
        { Name: "shim", Image: "i", StopTimeout: 2, Environment: [{ Name: "RAW_TOPIC", Value: "raw" }], ...container },
      ],
      ...task,
    },
  });
  return provider.create({
    logicalId: "S",
    type: "AWS::ECS::Service",
    properties: { ServiceName: "shim", Cluster: cluster.ref, TaskDefinition: definition.ref, DesiredCount: 1 },
  });
}

async function until(condition: (view: ServiceView) => boolean): Promise<ServiceView> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const view = runtime.service("shim");
    if (condition(view)) return view;
    if (Date.now() > deadline) throw new Error(`still ${view.state} after ${view.restarts} restarts`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const forever = `process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); setInterval(() => {}, 1000);`;

describe("a service's task", () => {
  test("has the container's environment, the run's and its role's credentials, and nothing else", async () => {
    process.env["WIKILAKE_PARENT_ONLY"] = "secret";
    await serve(`console.log(JSON.stringify(process.env)); ${forever}`);
    await until(() => lines.length > 0);
    const env = JSON.parse(lines[0] ?? "{}");
    expect(env).toMatchObject({
      RAW_TOPIC: "raw",
      SOURCE_URL: "file:///feed",
      AWS_ACCESS_KEY_ID: "TaskRole",
      TZ: "UTC",
    });
    expect(env.WIKILAKE_PARENT_ONLY).toBeUndefined();
    expect(readFileSync(path.join(stateDir, "logs", "shim.log"), "utf8")).toContain("RAW_TOPIC");
  });

  test("is started again after it fails, longer and longer apart, and after it is killed", async () => {
    await serve(`process.exit(3);`);
    const view = await until(({ restarts }) => restarts >= 2);
    expect(view.lastEnd).toMatchObject({ exitCode: 3 });
    writeFileSync(path.join(stateDir, "main.mjs"), forever);
    const { restarts } = await until(({ state }) => state === "running");
    await new Promise((resolve) => setTimeout(resolve, 300));
    runtime.kill("shim");
    await until((later) => later.restarts > restarts && later.state === "running");
  });

  test("that ends with 0 is finished when it may finish, and started again when it may not", async () => {
    mayFinish = true;
    await serve(`console.log("done");`);
    await runtime.finished("shim");
    expect(runtime.service("shim")).toMatchObject({ state: "finished", restarts: 0 });
    mayFinish = false;
    await runtime.update("shim", { forceNewDeployment: true });
    await until(({ restarts }) => restarts >= 1);
  });

  test("is told to stop, and killed when it does not", async () => {
    await serve(`process.on("SIGTERM", () => console.log("no")); console.log("up"); setInterval(() => {}, 1000);`);
    await until(() => lines.includes("up"));
    await runtime.update("shim", { desiredCount: 0 });
    expect(lines).toContain("no");
    expect(runtime.service("shim")).toMatchObject({ state: "stopped", lastEnd: { exitCode: 137 } });
  });

  test("is killed when it holds more memory than the task has", async () => {
    await serve(`const held = []; setInterval(() => held.push(Buffer.alloc(32e6, 1)), 5);`);
    const { lastEnd } = await until((view) => view.lastEnd !== undefined);
    expect(lastEnd?.reason).toMatch(/OutOfMemoryError/);
  });

  test.each([
    ["two containers", {}, { ContainerDefinitions: [] }],
    ["secrets", { Secrets: [] }, {}],
    ["a role that tasks may not take", {}, { TaskRoleArn: "arn:aws:iam::000000000000:role/other" }],
  ])("with %s is refused", async (_, container, task) => {
    await expect(serve(forever, container, task)).rejects.toBeInstanceOf(AwsError);
  });
});

describe("ECS's API", () => {
  const principal = { arn: "arn:role", roleId: "Restart" };

  test("describes, redeploys and stops", async () => {
    const { ref } = await serve(`console.log("up"); ${forever}`);
    await until(() => lines.includes("up"));
    const api = createEcsService(runtime);
    const ask = (operation: string, input: Record<string, unknown>) => api.handle({ operation, input, principal });
    const input = { cluster: "wl", services: ["shim", "none"] };
    expect((await ask("DescribeServices", input)).body).toMatchObject({
      services: [
        { serviceName: "shim", desiredCount: 1, runningCount: 1, deployments: [{ rolloutState: "COMPLETED" }] },
      ],
      failures: [{ reason: "MISSING" }],
    });
    const update = {
      operation: "UpdateService",
      input: { cluster: "wl", service: "shim", forceNewDeployment: true },
      principal,
    };
    expect(await api.permissions(update)).toEqual([{ action: "ecs:UpdateService", resource: ref }]);
    const before = runtime.service("shim").task?.pid;
    await api.handle(update);
    await until(({ task }) => task !== undefined && task.pid !== before);
    expect(lines).toContain("bye");
    const { taskArns } = (await ask("ListTasks", { cluster: "wl" })).body as { taskArns: string[] };
    expect(taskArns).toHaveLength(1);
    await expect(ask("RunTask", {})).rejects.toMatchObject({ code: "UnknownOperationException" });
    await expect(ask("UpdateService", { service: "none" })).rejects.toMatchObject({ code: "ServiceNotFoundException" });
  });
});
