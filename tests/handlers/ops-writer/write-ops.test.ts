import { describe, expect, test } from "@jest/globals";
import { loadInbox, writeOpsEvent } from "../../../handlers/ops-writer/write-ops.ts";
import { opsTarget } from "../../../lib/lake/ops-batch.ts";
import { createStubLake, mskEvent } from "../stub-lake.ts";

function open(fails?: Parameters<typeof createStubLake>[0]) {
  const lake = createStubLake(fails);
  return { lake, deps: { ...lake.deps, target: opsTarget({ ops: "o", stage: "s" }, "w") } };
}
const minute = (over: object = {}) =>
  JSON.stringify({
    kind: "ingest_minutes",
    row: {
      minute: "2026-11-21T10:00:00.000Z",
      shim_epoch: "e",
      source_topic: "eqiad.x",
      received: 3,
      canaries: 1,
      duplicates: 0,
      acked: 2,
      rejected: 0,
      max_event_at: null,
      log_date: "2026-11-21",
      ...over,
    },
  });
const put = (lake: ReturnType<typeof createStubLake>, key: string, text: string) =>
  lake.deps.store.putIfAbsent(key, new TextEncoder().encode(text));

describe("ops-writer, fed by ops-events", () => {
  test("writes each kind to its ledger, through a slot of its own", async () => {
    const { lake, deps } = open();
    const answer = await writeOpsEvent(
      deps,
      mskEvent("ops-events", [minute(), minute({ source_topic: "codfw.x" })]),
      lake.deadline(),
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(lake.epochs).toMatchObject([{ table: "ingest_minutes", rows: 2, outcome: "committed" }]);
    expect(lake.keys("commit/")).toEqual(["commit/ops.json"]);
  });

  test("sets aside what is no row, and writes the others", async () => {
    const { lake, deps } = open();
    const broken = minute({ received: 9 }); // does not add up
    const answer = await writeOpsEvent(deps, mskEvent("ops-events", ["{", minute(), broken], 5), lake.deadline());
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(lake.epochs).toMatchObject([{ rows: 1 }]);
    expect(lake.keys("ops-refused/ops-events/0/00000000000000000005")).toHaveLength(1);
    expect(lake.keys("ops-refused/")).toHaveLength(2);
    expect(lake.sum("OpsRowsRefused")).toBe(2);
  });

  test("lets a batch come again that it could not write", async () => {
    const { lake, deps } = open(() => true);
    const answer = await writeOpsEvent(deps, mskEvent("ops-events", [minute()], 3), lake.deadline());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: "ops-events-0", offset: 3 } }] });
  });
});

describe("ops-writer, called each minute for the inbox", () => {
  test("loads every line of every object, then deletes the objects", async () => {
    const { lake, deps } = open();
    await put(lake, "ops-inbox/ingest_minutes/1.json", `${minute()}\n${minute({ source_topic: "b" })}\n`);
    await put(lake, "ops-inbox/ingest_minutes/2.json", minute({ source_topic: "c" }));
    await loadInbox(deps, lake.deadline());
    expect(lake.epochs).toMatchObject([{ table: "ingest_minutes", rows: 3 }]);
    expect(lake.keys("ops-inbox/")).toEqual([]);
  });

  test("keeps the objects while their rows are not committed", async () => {
    const { lake, deps } = open(() => true);
    await put(lake, "ops-inbox/ingest_minutes/1.json", minute());
    await loadInbox(deps, lake.deadline());
    expect(lake.keys("ops-inbox/")).toHaveLength(1);
  });

  test("does nothing when there is nothing", async () => {
    const { lake, deps } = open();
    await loadInbox(deps, lake.deadline());
    expect(lake.statements).toEqual([]);
  });

  test("keeps an object of nothing but bad lines, set aside, and goes on", async () => {
    const { lake, deps } = open();
    await put(lake, "ops-inbox/pipeline_runs/x.json", "not json");
    await loadInbox(deps, lake.deadline());
    expect(lake.keys("ops-refused/pipeline_runs/x.json")).toHaveLength(1);
    expect(lake.keys("ops-inbox/")).toEqual([]);
  });
});
