import { parquetMetadata } from "hyparquet";
import type { Columns } from "../../schemas/tables/columns.ts";
import { type BatchFacts, parseFacts } from "./batch-facts.ts";
import { contentError } from "./errors.ts";
import { encodeJson, type ObjectStore } from "./object-store.ts";
import { type StagedRow, writeStageFile } from "./parquet-stage.ts";

/** Footer entry with the facts of the batch. */
const factsKey = "wikilake.batch";

export type StageRequest = {
  /** Stage table, which is also the folder. */
  readonly stageTable: string;
  readonly columns: Columns;
  readonly rows: readonly StagedRow[];
  readonly constants: Readonly<Record<string, string>>;
  readonly facts: BatchFacts;
};

export const stageKey = (stageTable: string, id: string): string => `stage/${stageTable}/batch=${id}/part-0.parquet`;

/**
 * Puts the batch's one object, which never changes afterwards. When it is there already, its own facts are answered
 * instead of ours: the clock has moved on and may have changed a verdict, and what was staged first is what counts.
 */
export async function stageBatch(store: ObjectStore, request: StageRequest): Promise<BatchFacts> {
  const { stageTable, columns, rows, constants, facts } = request;
  const key = stageKey(stageTable, facts.id);
  const metadata = { [factsKey]: new TextDecoder().decode(encodeJson(facts)) };
  const written = await store.putIfAbsent(key, writeStageFile({ columns, rows, constants, metadata }));
  return written.kind === "written" ? facts : readStagedFacts(store, key);
}

/** Facts from a staged object's footer. Throws LakeError when it is cut short or not ours: nothing is committed of it. */
export async function readStagedFacts(store: ObjectStore, key: string): Promise<BatchFacts> {
  const stored = await store.get(key);
  if (stored === undefined) throw contentError(key); // it was refused as present: the bucket has lost it since
  const text = footerEntry(key, stored.body);
  return parseFacts(key, new TextEncoder().encode(text));
}

function footerEntry(key: string, body: Uint8Array): string {
  const copy = body.slice().buffer; // parquetMetadata wants a buffer that begins where the file does
  try {
    const entry = parquetMetadata(copy).key_value_metadata?.find((candidate) => candidate.key === factsKey);
    if (entry?.value !== undefined) return entry.value;
  } catch (cause) {
    throw contentError(key, cause);
  }
  throw contentError(key);
}
