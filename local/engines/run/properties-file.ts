import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { WikilakeError } from "../../../lib/platform/errors.ts";

export type Properties = Readonly<Record<string, string | number | boolean>>;

/** Text of a Java properties file. Backslashes are escaped; a line break would be another property, so it is refused. */
export function renderProperties(properties: Properties): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeValue(key, String(value))}\n`)
    .join("");
}

export async function writeProperties(path: string, properties: Properties): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, renderProperties(properties));
}

function escapeValue(key: string, value: string): string {
  if (!/[\r\n]/.test(value)) return value.replaceAll("\\", "\\\\");
  throw new WikilakeError("CONFIG_INVALID", `A line break in the value of ${key}.`, { retriable: false });
}
