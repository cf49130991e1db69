import { z } from "zod";
import { BadJobEventError } from "./errors.ts";

/** What the schedule, a person or the restarter sends to start-job. */
const jobEventSchema = z.strictObject({
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
});
export type JobEvent = z.infer<typeof jobEventSchema>;

/** Throws BadJobEventError with every problem at once. */
export function parseJobEvent(event: unknown): JobEvent {
  const parsed = jobEventSchema.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new BadJobEventError(`not a job event: ${z.prettifyError(parsed.error)}`, parsed.error);
}

/** `cycle-20261121T161000Z`, with `-a2` from the second attempt on: run id, job name and the heart of the client token. */
export function runIdOf(event: JobEvent): string {
  const time = new Date(event.scheduledTime).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const kind = event.rebuild ? `${event.job}-rebuild` : event.job;
  return event.attempt > 1 ? `${kind}-${time}-a${event.attempt}` : `${kind}-${time}`;
}
