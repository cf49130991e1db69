import { expect, test } from "@jest/globals";
import { readConfig } from "../../shim/config.ts";
import { baseEnvironment } from "./shim-harness.ts";

test("a minimal environment is enough; empty variables count as absent", () => {
  const config = readConfig({ ...baseEnvironment, SOURCE_LIMIT: "", SOURCE_RATE: " " });
  expect(config).toMatchObject({ KEY_MODE: "page", LINGER_MS: 50, SOURCE_START: "oldest", source: { kind: "stream" } });
  expect(config.SOURCE_TOPICS).toHaveLength(2);
  expect(config.SOURCE_LIMIT).toBeUndefined();
});

test("a file is a path, with its rate, and a replay", () => {
  const file = {
    ...baseEnvironment,
    SOURCE_URL: "file:///data/x%20y.ndjson.gz",
    SOURCE_KIND: "replay",
    SOURCE_RATE: "35",
  };
  expect(readConfig(file).source).toEqual({ kind: "file", path: "/data/x y.ndjson.gz", rate: 35 });
  expect(() => readConfig({ ...file, SOURCE_KIND: "live" })).toThrow(/a file is a replay/);
});

test("all problems are reported together", () => {
  const { RAW_TOPIC: _raw, ...rest } = baseEnvironment;
  const environment = { ...rest, SOURCE_KIND: "dead", BUFFER_BYTES: "-1", INGEST_FILTER: "{no" };
  expect(() => readConfig(environment)).toThrow(/RAW_TOPIC.*SOURCE_KIND.*INGEST_FILTER.*BUFFER_BYTES/);
});

test("a filter is JSON of known lists", () => {
  const filter = readConfig({ ...baseEnvironment, INGEST_FILTER: '{"namespaces":[0],"types":["edit"]}' }).INGEST_FILTER;
  expect(filter).toEqual({ namespaces: [0], types: ["edit"] });
  expect(() => readConfig({ ...baseEnvironment, INGEST_FILTER: '{"wikis":["enwiki"]}' })).toThrow(/INGEST_FILTER/);
});

test("a source elsewhere is refused", () => {
  const elsewhere = { ...baseEnvironment, SOURCE_URL: "http://169.254.169.254/" };
  expect(() => readConfig(elsewhere)).toThrow(expect.objectContaining({ code: "SOURCE_URL_REFUSED" }));
});
