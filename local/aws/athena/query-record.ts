import { z } from "zod";

export const finalStates = ["SUCCEEDED", "FAILED", "CANCELLED"] as const;
const stateSchema = z.enum(["QUEUED", "RUNNING", ...finalStates]);
export type QueryState = z.infer<typeof stateSchema>;

export const columnInfoSchema = z.object({
  CatalogName: z.string(),
  SchemaName: z.string(),
  TableName: z.string(),
  Name: z.string(),
  Label: z.string(),
  Type: z.string(),
  Precision: z.number(),
  Scale: z.number(),
  Nullable: z.string(),
  CaseSensitive: z.boolean(),
});
export type ColumnInfo = z.infer<typeof columnInfoSchema>;

const athenaErrorSchema = z.object({
  ErrorCategory: z.number(),
  ErrorType: z.number(),
  Retryable: z.boolean(),
  ErrorMessage: z.string(),
});

const statisticsSchema = z.object({
  queueMs: z.number(),
  engineMs: z.number(),
  planningMs: z.number(),
  totalMs: z.number(),
  scannedBytes: z.number(),
});

/** What is fixed when a query is accepted. */
export const acceptedSchema = z.object({
  id: z.string(),
  sql: z.string(),
  token: z.string(),
  /** What a repeat of the token has to agree in. */
  fingerprint: z.string(),
  values: z.array(z.string()),
  database: z.string().optional(),
  catalog: z.string().optional(),
  workGroup: z.string(),
  statementType: z.string(),
  substatementType: z.string().optional(),
  /** `s3://bucket/prefix/<id>.csv`, by Athena's rule for the kind of statement. */
  outputLocation: z.string(),
  principalArn: z.string(),
  submittedAt: z.number(),
});

/** What is known when it has ended. */
export const finishedSchema = z.object({
  id: z.string(),
  state: stateSchema,
  reason: z.string().optional(),
  error: athenaErrorSchema.optional(),
  completedAt: z.number(),
  statistics: statisticsSchema,
  columns: z.array(columnInfoSchema),
  /** How the result is read back: rows of a CSV with a header, lines of a text, or nothing but a count. */
  shape: z.enum(["csv", "lines", "none"]),
  updateCount: z.number().optional(),
});

export type AcceptedQuery = z.infer<typeof acceptedSchema>;
export type FinishedQuery = z.infer<typeof finishedSchema>;

/** One query: accepted, perhaps running, perhaps finished. */
export type QueryRecord = AcceptedQuery & {
  state: QueryState;
  finished: FinishedQuery | undefined;
};

export const isFinal = ({ finished }: QueryRecord): boolean => finished !== undefined;
