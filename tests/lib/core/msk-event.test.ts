import { describe, expect, test } from "@jest/globals";
import { parseMskEvent, partialFailures } from "../../../lib/core/msk-event.ts";

const bytes = (text: string): number[] => [...Buffer.from(text)];
const mskRecord = (over: object = {}) => ({
  topic: "raw-events",
  partition: 3,
  offset: 17,
  timestamp: 1_795_279_006_348,
  timestampType: "LOG_APPEND_TIME",
  key: "ZW53aWtpOkE=",
  value: Buffer.from('{"ü":1}').toString("base64"),
  headers: [{ source_kind: bytes("live") }, { ingested_at: bytes("1795279006000") }, { cursor: bytes("{}") }],
  ...over,
});

describe("an event of the mapping", () => {
  test("gives each record with its bytes and the headers that the writers read", () => {
    const [parsed] = parseMskEvent({ eventSource: "aws:kafka", records: { "raw-events-3": [mskRecord()] } });
    expect(parsed).toMatchObject({ topic: "raw-events", partition: 3, offset: 17, timestampMs: 1_795_279_006_348 });
    expect(Buffer.from(parsed?.value ?? []).toString()).toBe('{"ü":1}');
    expect(parsed?.headers).toEqual({ source_kind: "live", ingested_at: "1795279006000" });
  });

  test("has signed bytes in headers, no headers, and records without value", () => {
    const signed = [...Buffer.from("é")].map((byte) => byte - 256);
    const list = [
      mskRecord({ headers: [{ source_kind: signed }] }),
      mskRecord({ headers: undefined, value: undefined }),
      mskRecord({ value: null, headers: [] }),
    ];
    const parsed = parseMskEvent({ records: { "raw-events-3": list } });
    expect(parsed[0]?.headers).toEqual({ source_kind: "é" });
    expect(parsed.slice(1).map(({ value }) => value.length)).toEqual([0, 0]);
  });

  test.each([[undefined], [{}], [{ records: [] }], [{ records: { a: [{ topic: 1 }] } }]])("is not %j", (event) => {
    expect(() => parseMskEvent(event)).toThrow();
  });
});

describe("the answer to the mapping", () => {
  test("names of each partition the first offset that must come again, in the object form", () => {
    const at = (partition: number, offset: number) => ({ topic: "raw-events", partition, offset });
    expect(partialFailures([at(2, 9), at(0, 5), at(2, 7)])).toEqual({
      batchItemFailures: [
        { itemIdentifier: { partition: "raw-events-2", offset: 7 } },
        { itemIdentifier: { partition: "raw-events-0", offset: 5 } },
      ],
    });
  });

  test("acknowledges all with an empty list", () => {
    expect(partialFailures([])).toEqual({ batchItemFailures: [] });
  });
});
