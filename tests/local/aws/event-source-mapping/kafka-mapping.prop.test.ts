import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { InvokeOutcome } from "../../../../local/aws/event-source-mapping/deliver-batch.ts";
import { createKafkaMapping } from "../../../../local/aws/event-source-mapping/kafka-mapping.ts";
import type { Batch, EncodedRecord } from "../../../../local/aws/event-source-mapping/kafka-record.ts";
import { readMappingConfig } from "../../../../local/aws/event-source-mapping/mapping-config.ts";
import { createFakeTopic } from "../../../support/fake-topic.ts";
import { createManualClock, settle } from "../../../support/manual-clock.ts";

const partitions = 3;
const everything = [0, 1, 2];

type Step =
  | { readonly kind: "produce"; readonly partition: number; readonly count: number }
  | { readonly kind: "fetch"; readonly most: number }
  | {
      readonly kind: "answer";
      readonly call: number;
      readonly how: "ok" | "throws" | "throttled" | "partial";
      readonly pick: number;
    }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "join"; readonly owned: readonly number[] }
  | { readonly kind: "commits"; readonly fail: boolean }
  | { readonly kind: "rebalance" }
  | { readonly kind: "limit"; readonly records: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("produce" as const),
      partition: fc.nat(2),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("fetch" as const), most: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      call: fc.nat(),
      how: fc.constantFrom("ok", "ok", "throws", "throttled", "partial"),
      pick: fc.nat(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("advance" as const), ms: fc.constantFrom(50, 1000, 3000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join" as const), owned: fc.subarray(everything) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("commits" as const), fail: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rebalance" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("limit" as const), records: fc.integer({ min: 1, max: 6 }) }) },
);

const config = (bisect: boolean, retries: number, windowSeconds: number) => {
  const read = readMappingConfig({
    logicalId: "M",
    type: "",
    properties: {
      FunctionName: "f",
      EventSourceArn: "arn:aws:kafka:eu-west-1:000000000000:cluster/c/1",
      Topics: ["t"],
      StartingPosition: "TRIM_HORIZON",
      BatchSize: 5,
      MaximumBatchingWindowInSeconds: windowSeconds,
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 3 },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BisectBatchOnFunctionError: bisect,
      MaximumRetryAttempts: retries,
      DestinationConfig: { OnFailure: { Destination: "arn:aws:s3:::f" } },
    },
  });
  if (read.kind !== "kafka") throw new Error("not a Kafka mapping");
  return read;
};

const id = ({ partition, offset }: Pick<EncodedRecord, "partition" | "offset">): string => `${partition}:${offset}`;

test("whatever happens, an offset is committed only when everything below it is through, and all gets through", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 150, size: "max" }),
      fc.boolean(),
      fc.constantFrom(2, 10_000),
      fc.constantFrom(0, 1),
      async (steps, bisect, retries, windowSeconds) => {
        const topic = createFakeTopic(partitions);
        const clock = createManualClock();
        const through = new Set<string>();
        const tooEarly: string[] = [];
        const open: { readonly batch: Batch; readonly answer: (outcome: InvokeOutcome) => void }[] = [];
        const commit = topic.consumer.commit;
        const mapping = createKafkaMapping({
          config: config(bisect, retries, windowSeconds),
          clock,
          consumer: {
            ...topic.consumer,
            commit: async (offsets) => {
              for (const { partition, next } of offsets) {
                for (let offset = 0; offset < next; offset += 1)
                  if (!through.has(`${partition}:${offset}`)) tooEarly.push(`${partition}:${offset} by ${next}`);
              }
              await commit(offsets);
            },
          },
          invoke: (batch) => new Promise((answer) => open.push({ batch, answer })),
          storeFailure: async ({ batch }) => {
            for (const record of batch) through.add(id(record));
          },
          onMetrics: () => {},
          log: () => {},
          backOffMs: () => 20,
        });
        const reply = (call: number, how: "ok" | "throws" | "throttled" | "partial", pick: number): void => {
          const [waiting] = open.splice(call % Math.max(1, open.length), 1);
          if (waiting === undefined) return;
          if (how === "throws" || how === "throttled") {
            const ran = { kind: "function-error", payload: "{}", requestId: "r" } as const;
            waiting.answer(how === "throws" ? ran : { kind: "not-run", reason: "429" });
            return;
          }
          const failed = how === "partial" ? waiting.batch[pick % waiting.batch.length] : undefined;
          for (const record of waiting.batch) {
            if (failed === undefined || record.partition !== failed.partition || record.offset < failed.offset)
              through.add(id(record));
          }
          const batchItemFailures =
            failed === undefined
              ? []
              : [{ itemIdentifier: { partition: `t-${failed.partition}`, offset: failed.offset } }];
          waiting.answer({ kind: "answered", payload: JSON.stringify({ batchItemFailures }), requestId: "r" });
        };
        const apply = async (next: Step): Promise<void> => {
          if (next.kind === "produce") topic.produce(next.partition, next.count);
          else if (next.kind === "fetch") topic.fetch(next.most);
          else if (next.kind === "answer") reply(next.call, next.how, next.pick);
          else if (next.kind === "advance") await clock.advance(next.ms);
          else if (next.kind === "join") topic.join(next.owned);
          else if (next.kind === "commits") topic.failCommits(next.fail);
          else if (next.kind === "rebalance") await mapping.faults.rebalance();
          else mapping.faults.limitBatch(next.records);
        };
        await mapping.start();
        for (const next of steps) {
          await apply(next);
          await Promise.resolve();
        }
        topic.failCommits(false);
        topic.join(everything);
        for (let turns = 0; turns < 400; turns += 1) {
          const lags = await topic.consumer.lag();
          if (lags.every(({ lag }) => lag === 0)) break;
          topic.fetch();
          await clock.advance(1000);
          reply(0, "ok", 0);
          await settle();
        }
        expect(tooEarly).toEqual([]);
        expect((await topic.consumer.lag()).map(({ lag }) => lag)).toEqual([0, 0, 0]);
        await mapping.stop(0);
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);
