import { z } from "zod";
import { probe } from "./probe.ts";
import type { S3Endpoint } from "./s3.ts";

export type ReadinessOptions = { readonly port: number; readonly s3: S3Endpoint; readonly ownBucket: string };

/**
 * True once Trino reads a table of a connector. Nothing less will do: for seconds after it says that it has started,
 * and even answers `SELECT 1` and its own catalogs, it knows of no worker that has announced a connector's catalog, and
 * every scan fails with "No nodes available to run query". The table is an object of ours that is put anew each time.
 */
export async function readsTable({ port, s3, ownBucket }: ReadinessOptions): Promise<boolean> {
  const url = `http://127.0.0.1:${port}`;
  const { starting } = infoSchema.parse(await (await probe(`${url}/v1/info`)).json());
  if (starting) return false;
  const put = await probe(`${s3.endpoint}/${ownBucket}/ready/row.csv`, { method: "PUT", body: "ready\n" });
  if (!put.ok) return false;
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS staging.${schema}`,
    `CREATE TABLE IF NOT EXISTS staging.${schema}.ready (word varchar)
      WITH (format = 'CSV', external_location = 's3://${ownBucket}/ready')`,
    `SELECT word FROM staging.${schema}.ready`,
  ];
  for (const sql of statements) if (!(await succeeds(url, sql))) return false;
  return true;
}

/** Not a name that a stage could have: theirs begin with `wikilake_`. */
const schema = "engines";

const infoSchema = z.object({ starting: z.boolean() });
const statementSchema = z.object({ nextUri: z.string().optional(), error: z.unknown().optional() });

async function succeeds(url: string, sql: string): Promise<boolean> {
  const headers = { "X-Trino-User": "wikilake-readiness" };
  let response = await probe(`${url}/v1/statement`, { method: "POST", headers, body: sql });
  for (;;) {
    const { nextUri, error } = statementSchema.parse(await response.json());
    if (error !== undefined) return false;
    if (nextUri === undefined) return true;
    response = await probe(nextUri, { headers });
  }
}
