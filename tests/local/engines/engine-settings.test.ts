import { describe, expect, test } from "@jest/globals";
import { catalogProperties } from "../../../local/engines/run/catalog.ts";
import { engineEnvironment } from "../../../local/engines/run/java-command.ts";
import { type KafkaNode, nodeProperties } from "../../../local/engines/run/kafka.ts";
import { renderProperties } from "../../../local/engines/run/properties-file.ts";
import { lakeProperties, serverProperties, stagingProperties } from "../../../local/engines/run/trino.ts";

const s3 = {
  endpoint: "http://127.0.0.1:20001",
  region: "eu-west-1",
  accessKeyId: "engine",
  secretAccessKey: "engine",
};
const nodes: readonly KafkaNode[] = [1, 2, 3].map((id) => ({ id, clientPort: 21_000 + id, quorumPort: 22_000 + id }));
const kafka = { folder: "/state/kafka", logFileOf: (name: string) => `/logs/${name}.log`, properties: {} };

const isLoopback = (value: unknown): boolean => String(value).includes("127.0.0.1");

describe("Kafka's settings", () => {
  test("three brokers keep three copies and need two of them, as MSK does", () => {
    const [first] = nodes;
    expect(first && nodeProperties({ ...kafka, nodes }, first)).toMatchObject({
      "node.id": 1,
      "controller.quorum.voters": "1@127.0.0.1:22001,2@127.0.0.1:22002,3@127.0.0.1:22003",
      listeners: "PLAINTEXT://127.0.0.1:21001,CONTROLLER://127.0.0.1:22001",
      "default.replication.factor": 3,
      "min.insync.replicas": 2,
    });
  });

  test("one broker keeps one copy, and makes no topic by itself", () => {
    const node = { id: 1, clientPort: 1, quorumPort: 2 };
    expect(nodeProperties({ ...kafka, nodes: [node] }, node)).toMatchObject({
      "default.replication.factor": 1,
      "min.insync.replicas": 1,
      "auto.create.topics.enable": false,
    });
  });

  test("what the caller sets goes before ours", () => {
    const node = { id: 1, clientPort: 1, quorumPort: 2 };
    const properties = { "auto.create.topics.enable": true, "message.max.bytes": 5 };
    expect(nodeProperties({ ...kafka, nodes: [node], properties }, node)).toMatchObject(properties);
  });
});

test("everything listens on loopback only", () => {
  const server = serverProperties(23_000);
  expect([server["node.bind-ip"], server["node.internal-address"], server["discovery.uri"]].every(isLoopback)).toBe(
    true,
  );
  for (const node of nodes)
    expect(nodeProperties({ ...kafka, nodes }, node)["listeners"]).not.toMatch(/:\/\/:|0\.0\.0\.0/);
});

test("Trino's catalogs reach the same S3, and expire snapshots as young as Athena does", () => {
  const staging = stagingProperties({ s3, ownBucket: "own" });
  const lake = lakeProperties({ s3, catalogUri: "http://127.0.0.1:24000" });
  for (const catalog of [staging, lake]) {
    expect(catalog).toMatchObject({ "s3.endpoint": s3.endpoint, "s3.path-style-access": true });
  }
  expect(lake).toMatchObject({
    "iceberg.expire-snapshots.min-retention": "0s",
    "iceberg.remove-orphan-files.min-retention": "0s",
  });
});

test("the catalog's SQLite waits for another writer instead of failing", () => {
  const properties = catalogProperties({ folder: "/s", logFile: "/l", port: 1, s3, warehouse: "s3://w/x" });
  expect(properties["catalog.jdbc.journal_mode"]).toBe("WAL");
  expect(Number(properties["catalog.jdbc.busy_timeout"])).toBeGreaterThan(1_000);
});

describe("a properties file", () => {
  test("escapes backslashes", () => {
    expect(renderProperties({ a: "c:\\x", b: 1, c: true })).toBe("a=c:\\\\x\nb=1\nc=true\n");
  });
  test.each(["a\nb=c", "a\rb=c"])("refuses a value that would be a second setting: %p", (value) => {
    expect(() => renderProperties({ a: value })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});

test("an engine gets none of the person's credentials or Java options", () => {
  const environment = engineEnvironment({
    PATH: "/bin",
    HOME: "/home/a",
    AWS_ACCESS_KEY_ID: "secret",
    JAVA_TOOL_OPTIONS: "-Dx",
    _JAVA_OPTIONS: "-Dy",
  });
  expect(environment).toEqual({ PATH: "/bin", HOME: "/home/a", AWS_EC2_METADATA_DISABLED: "true" });
});
