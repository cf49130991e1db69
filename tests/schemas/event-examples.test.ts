import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { judgeRecord } from "../../lib/steps/judge-record.ts";

const folder = new URL("../../schemas/events/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
const schema = z.fromJSONSchema(JSON.parse(read("recentchange.schema.json")));
const examples = readdirSync(new URL("examples/", folder)).filter((name) => name.endsWith(".json"));
const context = { sourceKind: "replay", nowMs: 0, canary: "drop" } as const;

describe("the examples of the event schema", () => {
  test.each(examples)("%s is judged as its name says, and the schema agrees", (name) => {
    const text = read(`examples/${name}`);
    const [, kind, reason] = /^(accepted|dropped|rejected)-([a-z_]+)/.exec(name) ?? [];
    const verdict = judgeRecord(Buffer.from(text), context);
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === "rejected") expect(verdict.reason).toBe(reason);
    if (kind !== "dropped") expect(schema.safeParse(JSON.parse(text)).success).toBe(kind === "accepted");
  });

  test("there is one of each kind of verdict", () => {
    for (const kind of ["accepted", "dropped", "rejected"]) {
      expect(examples.filter((name) => name.startsWith(kind)).length).toBeGreaterThan(0);
    }
  });
});
