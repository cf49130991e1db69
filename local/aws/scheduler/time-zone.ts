import { AwsError } from "../service.ts";

/** Times on the clock of a zone. */
export type TimeZone = {
  /** The local date of a moment. */
  dateOf(ms: number): { readonly year: number; readonly month: number; readonly day: number };
  /** The moment of a local time; undefined when clocks skip it. Of two moments the earlier. */
  momentOf(year: number, month: number, day: number, hour: number, minute: number): number | undefined;
};

const dayMs = 86_400_000;

/** A zone by its IANA name. Throws ValidationException for an unknown one. */
export function timeZone(name: string): TimeZone {
  const format = formatOf(name);
  const offsetAt = (ms: number): number => {
    const part = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const get = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
    const local = Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"));
    return local - Math.floor(ms / 1000) * 1000;
  };
  return {
    dateOf: (ms) => {
      const local = new Date(ms + offsetAt(ms));
      return { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate() };
    },
    momentOf: (year, month, day, hour, minute) => {
      const local = Date.UTC(year, month - 1, day, hour, minute);
      // Offsets change at most once within a day on either side: one of the two is right, or the time does not exist.
      const offsets = [...new Set([offsetAt(local - dayMs), offsetAt(local + dayMs)])];
      const moments = offsets.map((offset) => local - offset).filter((ms) => ms + offsetAt(ms) === local);
      return moments.length === 0 ? undefined : Math.min(...moments);
    },
  };
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw new AwsError("ValidationException", `${name} is no time zone`);
  }
}
