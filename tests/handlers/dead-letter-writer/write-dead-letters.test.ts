import { describe, expect, test } from "@jest/globals";
import { parseFailedBatch } from "../../../handlers/dead-letter-writer/failed-batch.ts";
import { writeDlqEvent, writeFailedBatch } from "../../../handlers/dead-letter-writer/write-dead-letters.ts";
import { bronzeTarget } from "../../../lib/lake/commit-bronze.ts";
import { encodeJson } from "../../../lib/lake/object-store.ts";
import { event } from "../../lib/lake/fixtures.ts";
import { createStubLake, mskEvent } from "../stub-lake.ts";

function open(objects: Readonly<Record<string, unknown>> = {}, fails?: Parameters<typeof createStubLake>[0]) {
  const lake = createStubLake(fails);
  const failures = {
    get: async (key: string) => (key in objects ? { body: encodeJson(objects[key]), etag: "e" } : undefined),
  };
  const target = bronzeTarget({ bronze: "b", stage: "s" }, "w");
  const toPoisonRow = (): never => {
    throw new Error("asked for a dead letter's dead letter");
  };
  return { lake, deps: { ...lake.deps, target, failures, judgeVersion: "dlq-1", toPoisonRow } };
}

const failedBatch = (payload: unknown) => ({
  requestContext: { requestId: "r", functionArn: "f", condition: "RetriesExhausted", approximateInvokeCount: 10_001 },
  responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
  version: "1.0",
  timestamp: "2026-11-21T12:00:00.000Z",
  KafkaBatchInfo: { batchSize: 2, eventSourceArn: "arn", payloadSize: 100, recordInfo: {} },
  payload,
});

describe("dead-letter-writer, fed by dlq-events", () => {
  test("writes a row for each record, through the slot of bronze", async () => {
    const { lake, deps } = open();
    const answer = await writeDlqEvent(deps, mskEvent("dlq-events", ["no dead letter", "{}"]), lake.deadline());
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(lake.epochs).toMatchObject([{ table: "dead_letter", rows: 2, outcome: "committed" }]);
    expect(lake.keys("commit/")).toEqual(["commit/bronze.json"]);
  });

  test("never drops: a batch that cannot be written comes again", async () => {
    const { lake, deps } = open({}, () => true);
    const answer = await writeDlqEvent(deps, mskEvent("dlq-events", ["x"], 7), lake.deadline());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: "dlq-events-0", offset: 7 } }] });
  });
});

describe("dead-letter-writer, called for an object of the failure bucket", () => {
  const batch = mskEvent("raw-events", [JSON.stringify(event()), "{"]);

  test.each([
    ["an escaped JSON string", JSON.stringify(batch)],
    ["an object", batch],
  ])("writes one row a record when the payload is %s", async (_, payload) => {
    const { lake, deps } = open({ k: failedBatch(payload) });
    await writeFailedBatch(deps, "k", lake.deadline());
    expect(lake.epochs).toMatchObject([{ table: "dead_letter", rows: 2 }]);
    expect(lake.sum("RecordsGivenUp")).toBe(2);
  });

  test("fails, so that it is called again, while the rows are not committed", async () => {
    const { lake, deps } = open({ k: failedBatch(JSON.stringify(batch)) }, () => true);
    await expect(writeFailedBatch(deps, "k", lake.deadline())).rejects.toMatchObject({ code: "DEAD_LETTERS_PENDING" });
  });

  test("says loudly that an object holds no records, as for a payload beyond the limit", async () => {
    const { lake, deps } = open({ k: failedBatch(undefined) });
    const outcome = writeFailedBatch(deps, "k", lake.deadline());
    await expect(outcome).rejects.toMatchObject({ code: "FAILED_BATCH_WITHOUT_RECORDS", retriable: false });
    expect(lake.lines.join()).toContain("mapping-gave-up");
  });

  test("takes an object that is gone for done: its rows were written when it was there", async () => {
    const { lake, deps } = open();
    await writeFailedBatch(deps, "k", lake.deadline());
    expect(lake.epochs).toEqual([]);
  });

  test("counts the attempts that the mapping made", () => {
    expect(parseFailedBatch(encodeJson(failedBatch(JSON.stringify(batch)))).attempts).toBe(10_001);
  });
});
