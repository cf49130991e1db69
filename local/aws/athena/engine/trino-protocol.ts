import { z } from "zod";

/** One type as the engine describes it; `arguments` hold types, named types or numbers, by `kind`. */
export type TypeSignature = { readonly rawType: string; readonly arguments: readonly TypeArgument[] };
export type TypeArgument =
  | { readonly kind: "TYPE"; readonly value: TypeSignature }
  | { readonly kind: "NAMED_TYPE"; readonly name: string | undefined; readonly value: TypeSignature }
  | { readonly kind: "LONG"; readonly value: number }
  | { readonly kind: "OTHER" };

const argumentSchema: z.ZodType<TypeArgument> = z.lazy(() =>
  z.object({ kind: z.string(), value: z.unknown() }).transform(({ kind, value }): TypeArgument => {
    if (kind === "TYPE") return { kind, value: signatureSchema.parse(value) };
    if (kind === "LONG" && typeof value === "number") return { kind, value };
    if (kind !== "NAMED_TYPE") return { kind: "OTHER" };
    const named = namedSchema.parse(value);
    return { kind, name: named.fieldName?.name, value: named.typeSignature };
  }),
);
const signatureSchema: z.ZodType<TypeSignature> = z.lazy(() =>
  z.object({ rawType: z.string(), arguments: z.array(argumentSchema).default([]) }),
);
const namedSchema = z.object({
  fieldName: z.object({ name: z.string() }).nullish(),
  typeSignature: signatureSchema,
});

export const columnSchema = z.object({ name: z.string(), type: z.string(), typeSignature: signatureSchema });
export type TrinoColumn = z.infer<typeof columnSchema>;

export const statsSchema = z.object({
  state: z.string(),
  physicalInputBytes: z.number().default(0),
  planningTimeMillis: z.number().default(0),
  elapsedTimeMillis: z.number().default(0),
  queuedTimeMillis: z.number().default(0),
});
export type TrinoStats = z.infer<typeof statsSchema>;

/** One page of an answer of `/v1/statement`. */
export const pageSchema = z.object({
  id: z.string(),
  nextUri: z.string().optional(),
  columns: z.array(columnSchema).nullish(),
  data: z.array(z.array(z.unknown())).nullish(),
  stats: statsSchema,
  updateType: z.string().nullish(),
  updateCount: z.number().nullish(),
  error: z
    .object({ message: z.string().default(""), errorName: z.string(), errorType: z.string().default("INTERNAL_ERROR") })
    .nullish(),
});
export type TrinoPage = z.infer<typeof pageSchema>;

/** Integers beyond 2^53 (snapshot ids) would lose digits as numbers: they stay text. */
export function parsePage(text: string): TrinoPage {
  return pageSchema.parse(/\d{16}/.test(text) ? JSON.parse(text, keepLargeIntegers) : JSON.parse(text));
}

function keepLargeIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const { source = "" } = context ?? {};
  return /^-?\d+$/.test(source) ? source : value;
}
