import { z } from "zod";
import { invalidRequest } from "./sql/refusal.ts";

export const startInput = z.object({
  QueryString: z.string(),
  ClientRequestToken: z.string().optional(),
  QueryExecutionContext: z.object({ Database: z.string().optional(), Catalog: z.string().optional() }).default({}),
  ResultConfiguration: z.object({ OutputLocation: z.string().optional() }).default({}),
  WorkGroup: z.string().optional(),
  ExecutionParameters: z.array(z.string()).default([]),
});
export type StartInput = z.infer<typeof startInput>;

export const queryInput = z.object({ QueryExecutionId: z.string() });
export const batchInput = z.object({ QueryExecutionIds: z.array(z.string()).min(1).max(50) });
export const batchNamedInput = z.object({ NamedQueryIds: z.array(z.string()).min(1).max(50) });
export const resultsInput = queryInput.extend({
  NextToken: z.string().optional(),
  MaxResults: z.number().int().min(1).max(1000).default(1000),
});
export const listInput = z.object({
  WorkGroup: z.string().optional(),
  NextToken: z.string().optional(),
  MaxResults: z.number().int().min(0).max(50).default(50),
});
export const workGroupInput = z.object({ WorkGroup: z.string() });
export const namedInput = z.object({ NamedQueryId: z.string() });

/** The input as the operation expects it; anything else is Athena's validation error. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw invalidRequest(
    `1 validation error detected: Value at '${field}' failed to satisfy constraint: ${issue?.message ?? ""}`,
  );
}
