import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { WrongUse } from "../errors.ts";

/** UTC days, YYYY-MM-DD, both included. */
export type DayRange = { readonly from: string; readonly to: string };
export const backfillLayers = ["silver", "gold"] as const;
export type BackfillLayer = (typeof backfillLayers)[number];

const dayMs = 86_400_000;
/**
 * Days of one run, so that a statement touches at most 96 partitions: bronze has 24 a day, a table by (date, region) five,
 * a table by date one.
 */
const chunkDays = { bronze: 4, byRegion: 19, byDate: 96 } as const;

const aboutSchema = z.looseObject({ partition: z.array(z.string()), input: z.string() });

/** `YYYY-MM-DD` that is a day of the calendar; throws WrongUse naming the option. */
export function parseDay(text: string, option: string): string {
  const date = new Date(`${text}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text))
    return text;
  throw new WrongUse(`${option} ${JSON.stringify(text)} is no day; write it as 2026-11-21`);
}

/** Consecutive ranges of at most `days` days that make up `range`, oldest first. */
export function cutDays({ from, to }: DayRange, days: number): readonly DayRange[] {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const count = Math.ceil(((last - first) / dayMs + 1) / days);
  return Array.from({ length: count }, (_, index) => {
    const start = first + index * days * dayMs;
    return { from: dayOf(start), to: dayOf(Math.min(start + (days - 1) * dayMs, last)) };
  });
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** How many days one run may take: that of the named tables (none: all of the layer) which allows the fewest. */
export function daysOfOneRun(layer: BackfillLayer, tables: readonly string[], sparkFolder: string): number {
  const about = (name: string): string => path.join(sparkFolder, name.replace(".", "/"), "about.yml");
  const folders = readdirSync(path.join(sparkFolder, layer)).map((name) => `${layer}.${name}`);
  const known = folders.filter((name) => existsSync(about(name)));
  const unknown = tables.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new WrongUse(`${layer} has no table ${unknown.join(", ")}; it has ${known.join(", ")}`);
  const limits = (tables.length > 0 ? tables : known).map((name) => {
    const { input, partition } = aboutSchema.parse(parse(readFileSync(about(name), "utf8")));
    if (input.startsWith("bronze.")) return chunkDays.bronze;
    return partition.length > 1 ? chunkDays.byRegion : chunkDays.byDate;
  });
  return Math.min(...limits);
}
