/** Layers of the data model, as people name them: `bronze.raw_events` stands for `wikilake_<stage>_bronze.raw_events`. */
export const layers = ["bronze", "silver", "gold", "live", "ops", "dq_audit"] as const;

/** Texts, quoted names and comments are left alone; everything else may hold a layer name before a dot. */
const parts =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\b(bronze|silver|gold|live|ops|dq_audit)(?=\s*\.)/g;

/** The same statement with layer names replaced by the databases of a stage. */
export function expandLayerNames(sql: string, database: (layer: string) => string): string {
  return sql.replaceAll(parts, (text: string, layer: string | undefined, offset: number) =>
    layer === undefined || sql[offset - 1] === "." ? text : `"${database(layer)}"`,
  );
}
