import { z } from "zod";

const answerSchema = z.object({
  nextUri: z.string().optional(),
  data: z.array(z.array(z.unknown())).optional(),
  error: z.object({ message: z.string() }).optional(),
});

/** Runs one statement on Trino itself, past the Athena facade, and returns its rows. Throws with Trino's message. */
export async function queryTrino(url: string, sql: string): Promise<readonly unknown[][]> {
  // Without the capability Trino cuts timestamps to milliseconds, for clients that know no other precision.
  const headers = { "X-Trino-User": "test", "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME" };
  let response = await fetch(`${url}/v1/statement`, { method: "POST", headers, body: sql });
  const rows: unknown[][] = [];
  for (;;) {
    const answer = answerSchema.parse(await response.json());
    if (answer.error !== undefined) throw new Error(answer.error.message);
    rows.push(...(answer.data ?? []));
    if (answer.nextUri === undefined) return rows;
    response = await fetch(answer.nextUri, { headers });
  }
}
