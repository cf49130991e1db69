import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readFunctionConfig } from "../../../../local/aws/lambda/function-config.ts";
import type { LogLine } from "../../../../local/aws/lambda/function-log.ts";
import { createLambdaRuntime, functionNameOf, type LambdaRuntime } from "../../../../local/aws/lambda/runtime.ts";
import { AwsError } from "../../../../local/aws/service.ts";
import { writeFixtureZip } from "../../../support/fixture-zip.ts";

const roleArn = "arn:aws:iam::000000000000:role/reader";
let stateDir = "";
let lambda: LambdaRuntime;
let lines: LogLine[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-lambda-"));
  lines = [];
  lambda = createLambdaRuntime({
    stateDir,
    assumeRole: async (service, arn) => {
      if (service !== "lambda.amazonaws.com") throw new Error(service);
      if (arn !== roleArn) throw new AwsError("AccessDeniedException", `${arn} does not trust lambda`, 403);
      return { arn, roleId: "ReaderRole" };
    },
    environmentFor: (principal) => ({ AWS_ACCESS_KEY_ID: `key-of-${principal.roleId}`, AWS_SECRET_ACCESS_KEY: "s" }),
    onLogLine: (line) => lines.push(line),
    waitMs: 300,
    maxSandboxes: 3,
  });
});

afterEach(async () => {
  await lambda.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

async function deploy(source: string, properties: Record<string, unknown> = {}): Promise<void> {
  const zip = writeFixtureZip(path.join(stateDir, "zips", "f.zip"), { "handlers/a/handler.mjs": source });
  const config = readFunctionConfig({
    logicalId: "ALambdaFunction",
    type: "AWS::Lambda::Function",
    properties: {
      FunctionName: "wikilake-test-a",
      Handler: "handlers/a/handler.handler",
      Runtime: "nodejs24.x",
      Role: roleArn,
      Code: { S3Key: "f.zip" },
      ...properties,
    },
  });
  await lambda.deploy(config, zip);
}

const call = async (event: unknown = {}): Promise<{ error: string | undefined; value: Record<string, unknown> }> => {
  const result = await lambda.invoke("wikilake-test-a", JSON.stringify(event));
  return { error: result.functionError, value: JSON.parse(result.payload) };
};

describe("a function", () => {
  test("gets the event, Lambda's context and only its own environment", async () => {
    process.env["WIKILAKE_PARENT_ONLY"] = "secret";
    await deploy(
      `export const handler = async (event, context) => ({
        event, env: process.env, cwd: process.cwd(), name: context.functionName, arn: context.invokedFunctionArn,
        memory: context.memoryLimitInMB, id: context.awsRequestId, left: context.getRemainingTimeInMillis() });`,
      { Timeout: 7, MemorySize: 256, Environment: { Variables: { STAGE: "test", COUNT: 3 } } },
    );
    const { value } = await call({ a: [1, "ü"] });
    expect(value["event"]).toEqual({ a: [1, "ü"] });
    expect(value["name"]).toBe("wikilake-test-a");
    expect(value["arn"]).toBe("arn:aws:lambda:eu-west-1:000000000000:function:wikilake-test-a");
    expect(value["memory"]).toBe("256");
    expect(value["id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(value["left"]).toBeLessThanOrEqual(7000);
    expect(value["left"]).toBeGreaterThan(5000);
    const env = value["env"] as Record<string, string>;
    expect(env).toMatchObject({
      STAGE: "test",
      COUNT: "3",
      TZ: ":UTC",
      AWS_REGION: "eu-west-1",
      AWS_LAMBDA_FUNCTION_NAME: "wikilake-test-a",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_ACCESS_KEY_ID: "key-of-ReaderRole",
    });
    expect(env["WIKILAKE_PARENT_ONLY"]).toBeUndefined();
    expect(Object.keys(env).filter((key) => /^(npm_|JEST|NODE_)/.test(key))).toEqual([]);
    expect(env["LAMBDA_TASK_ROOT"]).toBe(value["cwd"]);
  });

  test("stays warm between invocations and runs one at a time in a child", async () => {
    await deploy(`let n = 0; const wait = () => new Promise((r) => setTimeout(r, 150));
      export const handler = async () => { n += 1; await wait(); return { n, pid: process.pid }; };`);
    const first = await call();
    const second = await call();
    expect(second.value).toEqual({ n: 2, pid: first.value["pid"] });
    const [left, right] = await Promise.all([call(), call()]);
    expect(left?.value["pid"]).not.toBe(right?.value["pid"]);
    expect(lambda.sandboxes()).toBe(2);
  });

  test("is killed when its time is up, and the next invocation starts anew", async () => {
    await deploy(
      `export const handler = async (event) => { if (event.hang) for (;;); return { pid: process.pid }; };`,
      { Timeout: 1 },
    );
    const hung = await call({ hang: true });
    expect(hung.error).toBe("Unhandled");
    expect(hung.value["errorType"]).toBe("Sandbox.Timedout");
    expect(hung.value["errorMessage"]).toMatch(/Task timed out after 1\.00 seconds$/);
    expect((await call()).error).toBeUndefined();
    expect(lines.some(({ line }) => line.endsWith("Task timed out after 1.00 seconds"))).toBe(true);
  });

  test("is killed when it holds more memory than it has", async () => {
    await deploy(
      `export const handler = async () => { const held = [];
        for (;;) { held.push(Buffer.alloc(8e6, 1)); await new Promise((r) => setTimeout(r, 5)); } };`,
      { MemorySize: 160, Timeout: 20 },
    );
    const { value } = await call();
    expect(value["errorType"]).toBe("Runtime.OutOfMemory");
    expect(lines.at(-1)?.line).toMatch(/^REPORT .*Memory Size: 160 MB.*Error Type: Runtime\.OutOfMemory$/);
  });

  test("reports what its handler throws as Lambda does", async () => {
    await deploy(`class Late extends Error { name = "Late"; }
      export const handler = async (event) => { if (event.text) throw "plain"; throw new Late("no table"); };`);
    const thrown = await call();
    expect(thrown.error).toBe("Unhandled");
    expect(thrown.value).toMatchObject({ errorType: "Late", errorMessage: "no table" });
    expect((thrown.value["trace"] as string[])[0]).toBe("Late: no table");
    expect((await call({ text: 1 })).value).toEqual({ errorType: "string", errorMessage: "plain", trace: [] });
  });

  test("answers null for nothing, and an error for an exit, a lost promise or too large an answer", async () => {
    await deploy(`export const handler = async (event) => {
      if (event.exit) process.exit(3);
      if (event.lost) { Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 1000)); }
      if (event.large) return "x".repeat(7e6);
    };`);
    expect((await lambda.invoke("wikilake-test-a", "{}")).payload).toBe("null");
    expect((await call({ large: true })).value["errorType"]).toBe("Function.ResponseSizeTooLarge");
    expect((await call({ lost: true })).value["errorType"]).toBe("Runtime.UnhandledPromiseRejection");
    expect((await call({ exit: true })).value["errorMessage"]).toMatch(/Runtime exited with error: exit status 3$/);
  });

  test("that cannot be loaded fails each invocation with the reason", async () => {
    await deploy(`throw new Error("bad config");`);
    expect((await call()).value).toMatchObject({ errorType: "Error", errorMessage: "bad config" });
    await deploy(`export const other = 1;`);
    expect((await call()).value["errorType"]).toBe("Runtime.HandlerNotFound");
    await deploy(`import "not-packaged";`);
    expect((await call()).value["errorType"]).toBe("Runtime.ImportModuleError");
    await deploy(`export const handler = (event, context, callback) => callback(null);`);
    expect((await call()).value["errorType"]).toBe("Runtime.CallbackHandlerDeprecated");
  });

  test("writes START, its own lines, END and REPORT in order, console lines with their level", async () => {
    await deploy(`export const handler = async () => {
      process.stdout.write('{"_aws":{}}\\n'); console.error("bad", { a: 1 }); process.stderr.write("raw\\n"); };`);
    await call();
    const texts = lines.map(({ line }) => line);
    expect(texts[0]).toMatch(/^START RequestId: \S+ Version: \$LATEST$/);
    expect(texts.slice(1, -2)).toEqual(expect.arrayContaining(['{"_aws":{}}', "raw"]));
    expect(texts.some((text) => /^\S+Z\t[0-9a-f-]{36}\tERROR\tbad \{ a: 1 \}$/.test(text))).toBe(true);
    expect(texts.at(-2)).toMatch(/^END RequestId/);
    expect(texts.at(-1)).toMatch(/^REPORT .*Duration: .*Init Duration: /);
    expect(
      readFileSync(path.join(stateDir, "logs", "wikilake-test-a.log"), "utf8")
        .trim()
        .split("\n"),
    ).toEqual(texts);
    expect(lines[0]).toMatchObject({ functionName: "wikilake-test-a", logGroup: "/aws/lambda/wikilake-test-a" });
  });

  test("is throttled at its reserved concurrency and at the machine's cap", async () => {
    const source = `export const handler = async () => { await new Promise((r) => setTimeout(r, 800)); };`;
    await deploy(source, { ReservedConcurrentExecutions: 1 });
    const [first, second] = await Promise.allSettled([call(), call()]);
    expect(first?.status).toBe("fulfilled");
    expect(second).toMatchObject({
      reason: { code: "TooManyRequestsException", status: 429 },
    });
    await deploy(source);
    const many = await Promise.allSettled([call(), call(), call(), call()]);
    expect(many.filter(({ status }) => status === "rejected")).toHaveLength(1);
  });

  test("can be killed at a moment of its run", async () => {
    await deploy(`export const handler = async () => { await new Promise((r) => setTimeout(r, 5000)); };`);
    const work = lambda.invoke("wikilake-test-a", "{}", { onRunning: ({ requestId }) => void lambda.kill(requestId) });
    expect(JSON.parse((await work).payload)).toMatchObject({ errorType: "Runtime.ExitError" });
    expect(lambda.running()).toEqual([]);
    expect(await lambda.kill("unknown")).toBe(false);
  });
});

test("what is not a function, not JSON or too large is refused before anything runs", async () => {
  await deploy(`export const handler = async () => 1;`);
  await expect(lambda.invoke("nothing", "{}")).rejects.toMatchObject({
    code: "ResourceNotFoundException",
    status: 404,
  });
  await expect(lambda.invoke("wikilake-test-a", "{")).rejects.toMatchObject({ code: "InvalidRequestContentException" });
  const large = JSON.stringify("x".repeat(6_291_556));
  await expect(lambda.invoke("wikilake-test-a", large)).rejects.toMatchObject({ code: "RequestTooLargeException" });
  expect(lines).toEqual([]);
});

test("a function whose role lambda may not assume is not deployed", async () => {
  await expect(deploy("", { Role: "arn:aws:iam::000000000000:role/other" })).rejects.toMatchObject({
    code: "AccessDeniedException",
  });
});

test.each([
  ["f", "f"],
  ["f:$LATEST", "f"],
  ["function:f", "f"],
  ["arn:aws:lambda:eu-west-1:000000000000:function:f", "f"],
  ["arn:aws:lambda:eu-west-1:000000000000:function:f:live", "f"],
])("the function of %s is %s", (given, name) => {
  expect(functionNameOf(given)).toBe(name);
});
