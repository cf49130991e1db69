import { expect, test } from "@jest/globals";
import { failureObject } from "../../../../local/aws/event-source-mapping/failure-record.ts";
import {
  encodeRecord,
  eventOf,
  type KafkaRecord,
  sizeOf,
} from "../../../../local/aws/event-source-mapping/kafka-record.ts";

const source = { eventSourceArn: "arn:aws:kafka:eu-west-1:000000000000:cluster/c/1", bootstrapServers: "127.0.0.1:9" };
const record = (offset: number, extra: Partial<KafkaRecord> = {}): KafkaRecord => ({
  topic: "raw-events",
  partition: 3,
  offset,
  timestampMs: 1_749_116_692_330,
  timestampType: "LOG_APPEND_TIME",
  key: Buffer.from("enwiki:Ä"),
  value: Buffer.from('{"a":"ü\\"\u0000"}'),
  headers: [
    ["event_id", Buffer.from("é")],
    ["twice", Buffer.from("1")],
    ["twice", Buffer.from("")],
  ],
  ...extra,
});

test("an event has the shape of aws:kafka", () => {
  const event = JSON.parse(
    eventOf([encodeRecord(record(7)), encodeRecord(record(8, { key: null, value: null }))], source),
  );
  expect(event).toEqual({
    eventSource: "aws:kafka",
    ...source,
    records: {
      "raw-events-3": [
        {
          topic: "raw-events",
          partition: 3,
          offset: 7,
          timestamp: 1_749_116_692_330,
          timestampType: "LOG_APPEND_TIME",
          key: Buffer.from("enwiki:Ä").toString("base64"),
          value: Buffer.from('{"a":"ü\\"\u0000"}').toString("base64"),
          headers: [{ event_id: [-61, -87] }, { twice: [49] }, { twice: [] }],
        },
        {
          topic: "raw-events",
          partition: 3,
          offset: 8,
          timestamp: 1_749_116_692_330,
          timestampType: "LOG_APPEND_TIME",
          headers: [{ event_id: [-61, -87] }, { twice: [49] }, { twice: [] }],
        },
      ],
    },
  });
});

test("the size of a record is what it adds to an event", () => {
  const one = encodeRecord(record(1));
  const two = encodeRecord(record(2));
  expect(eventOf([one, two], source).length - eventOf([one], source).length).toBe(sizeOf(two));
});

test("a given-up batch is an object whose payload is the event as escaped text", () => {
  const batch = [encodeRecord(record(7))];
  const failed = { batch, condition: "RetriesExhausted" as const, invokeCount: 11, requestId: "req" };
  const facts = { ...source, functionArn: "arn:f", mappingId: "0a-1" };
  const { key, body } = failureObject(failed, facts, Date.UTC(2026, 10, 21, 15, 4, 5));
  expect(key).toMatch(/^aws\/lambda\/0a-1\/2026\/11\/21\/2026-11-21T15\.04\.05-[0-9a-f-]{36}$/);
  const parsed = JSON.parse(body);
  expect(parsed).toMatchObject({
    requestContext: {
      requestId: "req",
      functionArn: "arn:f",
      condition: "RetriesExhausted",
      approximateInvokeCount: 11,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: "2026-11-21T15:04:05.000Z",
    KafkaBatchInfo: { batchSize: 1, ...source, recordInfo: { offset: 7, timestamp: 1_749_116_692_330 } },
  });
  expect(typeof parsed.payload).toBe("string");
  expect(JSON.parse(parsed.payload)).toEqual(JSON.parse(eventOf(batch, source)));
  expect(parsed.KafkaBatchInfo.payloadSize).toBe(Buffer.byteLength(parsed.payload));
});

test("header bytes are written as signed numbers, each of them, and long values as well", () => {
  const all = Uint8Array.from({ length: 5_000 }, (_, index) => index % 256);
  const { json } = encodeRecord(record(9, { headers: [["all", all]] }));
  expect(JSON.parse(json).headers).toEqual([{ all: [...new Int8Array(all.buffer)] }]);
});
