import { AwsError } from "../service.ts";
import { type CronExpression, parseCron } from "./cron-expression.ts";
import { type TimeZone, timeZone } from "./time-zone.ts";

/** When a schedule fires. */
export type ScheduleTimes = {
  /** The first time after `afterMs`; undefined when there is none. `createdMs` is where a rate starts counting. */
  next(afterMs: number, createdMs: number): number | undefined;
};

const dayMs = 86_400_000;
const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: dayMs };
/** Far enough for a 29 February on a given day of the week. */
const searchDays = 366 * 30;

/** Reads `cron(…)`, `rate(…)` or `at(…)`. Throws ValidationException for what EventBridge Scheduler refuses. */
export function parseScheduleExpression(expression: string, zoneName = "UTC"): ScheduleTimes {
  const zone = timeZone(zoneName);
  const [, kind, inner = ""] = /^(cron|rate|at)\((.*)\)$/.exec(expression) ?? [];
  if (kind === "cron") return cronTimes(parseCron(inner), zone);
  if (kind === "rate") return rateTimes(inner, expression);
  if (kind === "at") return atTimes(inner, expression, zone);
  throw refuse(expression);
}

function cronTimes(cron: CronExpression, zone: TimeZone): ScheduleTimes {
  return {
    next: (afterMs) => {
      const { year, month, day } = zone.dateOf(afterMs);
      for (let ahead = 0; ahead < searchDays; ahead += 1) {
        const date = new Date(Date.UTC(year, month - 1, day + ahead));
        const found = firstOfDay(cron, zone, date, afterMs);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function firstOfDay(cron: CronExpression, zone: TimeZone, date: Date, afterMs: number): number | undefined {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  if (!cron.months.has(month) || cron.years?.has(year) === false || !cron.matchesDay(year, month, day))
    return undefined;
  for (const hour of cron.hours) {
    for (const minute of cron.minutes) {
      const moment = zone.momentOf(year, month, day, hour, minute);
      if (moment !== undefined && moment > afterMs) return moment;
    }
  }
  return undefined;
}

function rateTimes(inner: string, expression: string): ScheduleTimes {
  const [, count = "", unit = ""] = /^(\d+) (minute|hour|day)s?$/.exec(inner) ?? [];
  const everyMs = Number(count) * (unitMs[unit] ?? 0);
  if (everyMs <= 0) throw refuse(expression);
  return { next: (afterMs, createdMs) => createdMs + everyMs * (Math.floor((afterMs - createdMs) / everyMs) + 1) };
}

function atTimes(inner: string, expression: string, zone: TimeZone): ScheduleTimes {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})$/.exec(inner)?.slice(1).map(Number);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts ?? [];
  const moment = parts === undefined ? undefined : zone.momentOf(year, month, day, hour, minute);
  if (moment === undefined) throw refuse(expression);
  const atMs = moment + second * 1000;
  return { next: (afterMs) => (atMs > afterMs ? atMs : undefined) };
}

const refuse = (expression: string): AwsError =>
  new AwsError("ValidationException", `Invalid Schedule Expression ${expression}.`);
