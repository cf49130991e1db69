/** Days of each month in a year that is not a leap year; February's 29th is added where it belongs. */
const daysInMonth: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Digits of a fraction of a second that upstream might write; we keep milliseconds and cut the rest. */
const maxFractionDigits = 9;

/** Widest offset in use is +14:00 (Kiribati). */
const maxOffsetHours = 14;

const zero = 48;

/**
 * Milliseconds since the epoch of an ISO-8601 instant as `meta.dt` writes it: whole seconds (until 2025), milliseconds
 * (since), or `+00:00` instead of `Z` (2017–2019). Returns undefined for anything else: no zone, a day that does not
 * exist, a leap second, a year before 1970. `Date.parse` is not used: it takes 30 February for 2 March.
 */
export function parseEventTime(text: string): number | undefined {
  if (text.length < 20 || text.length > 35 || !hasSeparators(text)) return undefined;
  const date = parseDate(text);
  const time = parseClock(text);
  if (date === undefined || time === undefined) return undefined;
  let end = 19;
  let ms = 0;
  if (text.charCodeAt(end) === 46) {
    const fraction = fractionEnd(text, end + 1);
    if (fraction === undefined) return undefined;
    ms = milliseconds(text, end + 1, fraction);
    end = fraction;
  }
  const offset = parseOffset(text, end);
  if (offset === undefined) return undefined;
  const instant = date + time + ms - offset;
  return instant >= 0 ? instant : undefined;
}

function hasSeparators(text: string): boolean {
  return text[4] === "-" && text[7] === "-" && text[10] === "T" && text[13] === ":" && text[16] === ":";
}

/** Value of the digits in [from, to), or -1 when one is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) {
    const digit = text.charCodeAt(index) - zero;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function parseDate(text: string): number | undefined {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (year < 1970 || month < 1 || month > 12 || day < 1) return undefined;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = (daysInMonth[month - 1] ?? 0) + (isLeap && month === 2 ? 1 : 0);
  return day <= last ? Date.UTC(year, month - 1, day) : undefined;
}

function parseClock(text: string): number | undefined {
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  const isClock = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  return isClock ? ((hour * 60 + minute) * 60 + second) * 1000 : undefined;
}

function fractionEnd(text: string, start: number): number | undefined {
  let end = start;
  while (end < text.length && digits(text, end, end + 1) >= 0) end += 1;
  return end > start && end - start <= maxFractionDigits ? end : undefined;
}

function milliseconds(text: string, start: number, end: number): number {
  const kept = Math.min(end - start, 3);
  return digits(text, start, start + kept) * 10 ** (3 - kept);
}

function parseOffset(text: string, at: number): number | undefined {
  if (text[at] === "Z") return text.length === at + 1 ? 0 : undefined;
  const sign = text[at] === "+" ? 1 : text[at] === "-" ? -1 : 0;
  if (sign === 0 || text.length !== at + 6 || text[at + 3] !== ":") return undefined;
  const hours = digits(text, at + 1, at + 3);
  const minutes = digits(text, at + 4, at + 6);
  if (hours < 0 || hours > maxOffsetHours || minutes < 0 || minutes > 59) return undefined;
  return sign * (hours * 60 + minutes) * 60_000;
}
