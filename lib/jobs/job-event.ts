import { z } from "zod";
import { BadJobEventError } from "./errors.ts";

/** UTC days, both included. */
const daysSchema = z
  .strictObject({ from: z.iso.date(), to: z.iso.date() })
  .refine(({ from, to }) => from <= to, "from is after to");

/** What the schedule, a person or the restarter sends to start-job. */
const jobEventSchema = z
  .strictObject({
    job: z.enum(["cycle", "silver", "gold"]),
    /** The time the run stands for; the same time is the same run. */
    scheduledTime: z.iso.datetime(),
    /** Skips the wait for a young bronze; not the holds and not the one-run rule. */
    force: z.boolean().default(false),
    mode: z.enum(["auto", "live", "catchup", "replay"]).default("auto"),
    rebuild: z.boolean().default(false),
    trigger: z.enum(["schedule", "manual", "restart"]).default("schedule"),
    /** 1 for the first; a relaunch of the same time is another run. */
    attempt: z.int().min(1).max(99).default(1),
    /** Records the bronze mapping is behind, where the sender knows. */
    ingestLag: z.int().nonnegative().optional(),
    /** Only these days, anew from the layer below: a backfill. Goes with silver or gold. */
    days: daysSchema.optional(),
    /** Only these tables, `<layer>.<table>`. */
    tables: z
      .array(z.string().regex(/^(silver|gold)\.[a-z_0-9]+$/))
      .min(1)
      .optional(),
  })
  .refine(
    ({ job, days, rebuild }) => days === undefined || (job !== "cycle" && !rebuild),
    "days go with silver or gold, without rebuild",
  );
export type JobEvent = z.infer<typeof jobEventSchema>;

/** Throws BadJobEventError with every problem at once. */
export function parseJobEvent(event: unknown): JobEvent {
  const parsed = jobEventSchema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new BadJobEventError(`not a job event: ${z.prettifyError(parsed.error)}`, parsed.error);
}

/** `cycle-20261121T161000Z`, with `-a2` from the second attempt on: run id, job name and the heart of the client token. A backfill names its days. */
export function runIdOf(event: JobEvent): string {
  const time = new Date(event.scheduledTime).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const kind = event.rebuild ? `${event.job}-rebuild` : event.days ? `${event.job}-${compact(event.days)}` : event.job;
  return event.attempt > 1 ? `${kind}-${time}-a${event.attempt}` : `${kind}-${time}`;
}

/** `20261101-20261104` */
const compact = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  `${from}-${to}`.replaceAll(/(\d{4})-(\d{2})-(\d{2})/g, "$1$2$3");
