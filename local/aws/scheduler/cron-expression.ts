import { AwsError } from "../service.ts";

/** `cron(minutes hours day-of-month month day-of-week year)` as AWS reads it. */
export type CronExpression = {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly years: ReadonlySet<number> | undefined;
  /** Whether the schedule fires on that day. Month is 1–12. */
  matchesDay(year: number, month: number, day: number): boolean;
};

const monthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/** AWS counts the days of the week from 1 = Sunday. */
const dayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** Reads the six fields between the parentheses. Throws ValidationException for what AWS refuses. */
export function parseCron(fields: string): CronExpression {
  const parts = fields.trim().split(/\s+/);
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = ""] = parts;
  if (parts.length !== 6) throw refuse(fields, "has not six fields");
  if ((dayOfMonth === "?") === (dayOfWeek === "?")) throw refuse(fields, "needs ? in exactly one of the day fields");
  const years = year === "*" ? undefined : new Set(parseList(year, 1970, 2199, [], fields));
  return {
    minutes: parseList(minute, 0, 59, [], fields),
    hours: parseList(hour, 0, 23, [], fields),
    months: new Set(parseList(month, 1, 12, monthNames, fields)),
    years,
    matchesDay: dayOfMonth === "?" ? weekDayRule(dayOfWeek, fields) : monthDayRule(dayOfMonth, fields),
  };
}

type DayRule = CronExpression["matchesDay"];

function monthDayRule(field: string, whole: string): DayRule {
  if (field === "L") return (year, month, day) => day === lastDay(year, month);
  const nearest = /^(\d{1,2})W$/.exec(field)?.[1];
  if (nearest !== undefined) return (year, month, day) => day === nearestWeekday(year, month, Number(nearest));
  const days = new Set(parseList(field, 1, 31, [], whole));
  return (_year, _month, day) => days.has(day);
}

function weekDayRule(field: string, whole: string): DayRule {
  const nth = /^(\w+)#([1-5])$/.exec(field);
  if (nth !== null) {
    const [weekDay = 0] = parseList(nth[1] ?? "", 1, 7, dayNames, whole);
    return (year, month, day) => dayOfWeek(year, month, day) === weekDay && Math.ceil(day / 7) === Number(nth[2]);
  }
  const last = /^(\w+)L$/.exec(field);
  if (last !== null) {
    const [weekDay = 0] = parseList(last[1] ?? "", 1, 7, dayNames, whole);
    return (year, month, day) => dayOfWeek(year, month, day) === weekDay && day + 7 > lastDay(year, month);
  }
  const days = new Set(parseList(field === "L" ? "7" : field, 1, 7, dayNames, whole));
  return (year, month, day) => days.has(dayOfWeek(year, month, day));
}

/** `*`, `a`, `a-b`, `a/n`, `a-b/n`, lists of these, and names. Ascending, each value once. */
function parseList(
  field: string,
  least: number,
  most: number,
  names: readonly string[],
  whole: string,
): readonly number[] {
  const values = field.split(",").flatMap((item) => {
    const [range = "", step] = item.split("/");
    const [from, to] = parseRange(range, step !== undefined, { least, most, names, whole });
    const by = step === undefined ? 1 : Number(step);
    if (!Number.isInteger(by) || by < 1) throw refuse(whole, `has a bad step in ${item}`);
    const list: number[] = [];
    for (let value = from; value <= to; value += by) list.push(value);
    return list;
  });
  return [...new Set(values)].sort((a, b) => a - b);
}

type Bounds = {
  readonly least: number;
  readonly most: number;
  readonly names: readonly string[];
  readonly whole: string;
};

function parseRange(range: string, hasStep: boolean, bounds: Bounds): readonly [number, number] {
  if (range === "*") return [bounds.least, bounds.most];
  const [first = "", last] = range.split("-");
  const from = parseValue(first, bounds);
  if (last === undefined) return [from, hasStep ? bounds.most : from];
  const to = parseValue(last, bounds);
  if (to < from) throw refuse(bounds.whole, `has a range that runs backwards: ${range}`);
  return [from, to];
}

function parseValue(text: string, { least, most, names, whole }: Bounds): number {
  const name = names.indexOf(text.toUpperCase());
  const value = name >= 0 ? name + 1 : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw refuse(whole, `has a value that is not ${least}–${most}: ${text}`);
}

const lastDay = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
const dayOfWeek = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;

/** The weekday closest to a day, in the same month. */
function nearestWeekday(year: number, month: number, wanted: number): number {
  const last = lastDay(year, month);
  if (wanted > last) return -1;
  const weekDay = dayOfWeek(year, month, wanted);
  if (weekDay === 7) return wanted === 1 ? 3 : wanted - 1;
  if (weekDay === 1) return wanted === last ? wanted - 2 : wanted + 1;
  return wanted;
}

const refuse = (fields: string, why: string): AwsError =>
  new AwsError("ValidationException", `Invalid Schedule Expression cron(${fields}): it ${why}`);
