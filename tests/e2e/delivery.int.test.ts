import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { describePath } from "../../cli/path/describe-path.ts";
import { readPath } from "../../cli/path/read-path.ts";
import { createQueryRunner, type QueryRunner } from "../../cli/query/run-query.ts";
import { resolveTarget } from "../../cli/target.ts";
import type { S3Call } from "../../local/aws/s3/faults.ts";
import type { LocalLake } from "../../local/run/start-lake.ts";
import { createEventModel, defaultModel } from "../../local/source/event-model.ts";
import { startSimulatedLake } from "../support/simulated-lake.ts";

// A first proof of delivery on the real engines: everything of ours is killed, cut or repeated at once, and afterwards
// the accepted events are in bronze once each. The simulator's events are a function of the second, so what the source
// delivered can be recomputed here.
jest.setTimeout(15 * 60_000);

const rate = 60;
const stateDir = mkdtempSync(path.join(tmpdir(), "wikilake-delivery-"));
let lake: LocalLake;
let query: QueryRunner;
/** Set by a test: acts on the next S3 call of the bronze writer that it wants. */
let onStage: ((call: S3Call) => void) | undefined;
let onCommit: (() => void) | undefined;
/** Starts whose answer Athena loses. */
let lostStarts = 0;

beforeAll(async () => {
  lake = await startSimulatedLake({
    stateDir,
    rate,
    faults: {
      s3: {
        after: (call) => {
          if (call.operation === "PutObject" && call.key?.startsWith("stage/raw_events/")) onStage?.(call);
          return undefined;
        },
      },
      athena: {
        afterCommit: ({ sql }) => (sql.startsWith("INSERT") ? onCommit?.() : undefined),
        dropResponse: ({ sql }) => sql.startsWith("INSERT") && lostStarts-- > 0,
      },
    },
  });
  query = createQueryRunner(resolveTarget({ state: stateDir }));
});

afterAll(async () => {
  await lake?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const shimName = "wikilake-local-shim";
const bronze = () => {
  const mapping = lake.cloud.mappings.kafka().find(({ topic }) => topic === "raw-events");
  if (!mapping) throw new Error("the raw-events mapping is not there");
  return mapping;
};

/** Kills the running bronze-writer invocation at the first moment of `arm` at which there is one. */
function killWriterOnce(arm: (fire: () => boolean) => void): Promise<void> {
  return new Promise((resolve) => {
    arm(() => {
      const running = lake.cloud.lambda.running().find(({ functionName }) => functionName.endsWith("bronzeWriter"));
      if (running) void lake.cloud.lambda.kill(running.requestId).then(() => resolve());
      return running !== undefined;
    });
  });
}

async function armFault(fault: string, times: number): Promise<void> {
  const url = new URL("/_control/faults", lake.simulatorUrl);
  await fetch(url, { method: "POST", body: JSON.stringify({ fault, times }) });
}

/** Runs until the topics have nothing left that is not in its table. */
async function drained(topics: readonly string[] = ["raw-events", "dlq-events"]): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const lag = await lake.lag();
    quiet = topics.every((topic) => lag[topic] === 0) ? quiet + 1 : 0;
    await delay(1000);
  }
}

describe("delivery under faults", () => {
  test("loses nothing and doubles nothing", async () => {
    const startedMs = Date.now();
    await delay(10_000);
    for (const fault of ["cut-mid-event", "duplicate", "close", "malformed-json", "error-frame"])
      await armFault(fault, 2);
    lake.cloud.ecs.kill(shimName);
    const afterStaging = killWriterOnce((fire) => {
      onStage = () => {
        if (fire()) onStage = undefined;
      };
    });
    await delay(8000);
    lake.cloud.ecs.kill(shimName);
    await afterStaging;
    const afterCommit = killWriterOnce((fire) => {
      // Statements of the other writers commit too, while no bronze writer may be running.
      onCommit = () => {
        if (fire()) onCommit = undefined;
      };
    });
    await afterCommit;
    bronze().faults().deliverTwice();
    bronze().faults().limitBatch(70);
    lostStarts = 1;
    await armFault("status-503", 1);
    await armFault("status-429", 1);
    await delay(8000);
    lake.cloud.ecs.kill(shimName);
    bronze().faults().limitBatch(undefined);
    await bronze().faults().rebalance();
    bronze().faults().deliverConcurrently();
    await delay(15_000);
    const untilMs = Date.now() - 5000;
    await lake.cloud.ecs.update(shimName, { desiredCount: 0 });
    await drained();

    const model = createEventModel(defaultModel("wikilake", rate));
    const expected = new Set<string>();
    for (let second = Math.floor(startedMs / 1000); second < Math.floor(untilMs / 1000); second += 1) {
      for (const { eventId } of model.eventsOf(second)) if (eventId) expected.add(eventId);
    }
    const { rows } = await query(
      "select event_id, count(*), count(distinct cast(kafka_partition as varchar) || ':' || cast(kafka_offset as varchar)) from bronze.raw_events group by event_id",
    );
    const stored = new Set(rows.map(([id]) => id ?? ""));
    expect([...expected].filter((id) => !stored.has(id))).toEqual([]);
    expect(rows.filter(([, count, offsets]) => count !== offsets)).toEqual([]);
    expect(expected.size).toBeGreaterThan(1000);
  });

  test("keeps the malformed events of the source as dead letters with their bytes", async () => {
    const { rows } = await query("select distinct reason, from_utf8(from_base64(raw_base64)) from bronze.dead_letter");
    expect(rows).toEqual([["invalid_json", '{"meta":{"id":"broken", oops']]);
  });

  test("has every offset of the topic once", async () => {
    const { rows } = await query(
      "select kafka_partition, count(*), max(kafka_offset) - min(kafka_offset) + 1, count(distinct kafka_offset), min(kafka_offset) from bronze.raw_events group by kafka_partition",
    );
    for (const [, count, span, distinct, first] of rows) expect([count, distinct, first]).toEqual([span, span, "0"]);
  });

  test("accounts for every event at every stage, as status shows it", async () => {
    await drained(["ops-events"]);
    const sources = { target: resolveTarget({ state: stateDir }), query, lag: await lake.lag(), nowMs: Date.now() };
    const report = await readPath(sources);
    process.stderr.write(`${describePath(report)}\n`);
    // Shims and writers were killed: counts may be missing, events may not.
    expect(report.account.checks.filter(({ verdict }) => verdict === "broken")).toEqual([]);
    const { shim, writers } = report.counts;
    expect(Math.min(shim.received, shim.acked, writers.staged, writers.inserted, writers.present)).toBeGreaterThan(0);
  });

  test("publishes silver with each accepted event once, and gold that adds up to it", async () => {
    const cycle = await lake.runCycle();
    const { rows: unmet } = await query(
      "select gate, rule_id, status, failure_reason from dq_audit.quality_results where severity = 'fail' and status <> 'PASSED'",
    ).catch(() => ({ rows: [] }));
    expect({ ...cycle, unmet }).toMatchObject({ state: "SUCCESS", unmet: [] });
    const { rows } = await query(`
      select (select count(*) from silver.cleaned_events), (select count(distinct event_id) from silver.cleaned_events),
        (select count(distinct event_id) from bronze.raw_events), (select sum(total_events) from gold.hourly_stats)`);
    const [silver, distinct, events, gold] = rows[0] ?? [];
    expect([silver, distinct, gold]).toEqual([events, events, events]);
  });
});
