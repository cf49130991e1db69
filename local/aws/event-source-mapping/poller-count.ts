/** A poller is added for each backlog of about one full payload: 6 MB of 1.3 KB events in base64. */
const lagPerPoller = 3000;
/** Scaling down waits this many looks (one a second), so that a short pause does not move partitions about. */
const calmLooksBeforeFewer = 30;

export type PollerLimits = {
  /** Undefined: on demand, one to as many as there are partitions. */
  readonly pollers: { readonly minimum: number; readonly maximum: number } | undefined;
  readonly partitions: number;
};

/** Never more pollers than partitions: each partition has one. */
export function nextPollerCount(
  limits: PollerLimits,
  current: { readonly count: number; readonly calmLooks: number },
  lag: number,
): { readonly count: number; readonly calmLooks: number } {
  const most = Math.max(1, Math.min(limits.pollers?.maximum ?? limits.partitions, limits.partitions));
  const least = Math.min(limits.pollers?.minimum ?? 1, most);
  const wanted = Math.min(most, Math.max(least, Math.ceil(lag / lagPerPoller)));
  if (current.count > most || wanted > current.count) return { count: wanted, calmLooks: 0 };
  if (wanted === current.count) return { count: wanted, calmLooks: 0 };
  const calmLooks = current.calmLooks + 1;
  return calmLooks >= calmLooksBeforeFewer
    ? { count: current.count - 1, calmLooks: 0 }
    : { count: current.count, calmLooks };
}
