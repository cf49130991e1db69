import { WrongUse } from "./errors.ts";

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `90s`, `10m`, `2h`. Throws WrongUse on anything else. */
export function parseDuration(option: string, text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  const factor = unitsMs[unit ?? ""];
  if (amount === undefined || factor === undefined)
    throw new WrongUse(`${option} ${text}: give a time such as 90s, 10m or 2h`);
  return Number(amount) * factor;
}

/** A number above 0. Throws WrongUse on anything else. */
export function parsePositive(option: string, text: string | undefined, isWhole = false): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0 || (isWhole && !Number.isInteger(value))) {
    throw new WrongUse(`${option} ${text}: give a ${isWhole ? "whole " : ""}number above 0`);
  }
  return value;
}
