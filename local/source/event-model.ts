import { episode } from "./episodes.ts";
import { ordinaryChange } from "./ordinary-changes.ts";
import { randomOf } from "./random.ts";
import { canaryEvent, type DataCentre, type SimEvent, toSimEvent } from "./sim-event.ts";
import { type Label, longestEpisodeSeconds, type PlannedChange, storiesPerSecond } from "./story.ts";

export type ModelOptions = {
  readonly seed: string;
  /** Mean events per second over all types. */
  readonly rate: number;
  /** Stories begun per second. Their events are part of the rate. */
  readonly episodesPerSecond: number;
  /** Seconds between two canaries of a data centre. The real feed has several an hour. */
  readonly canarySeconds: number;
  /** Times (ms) at which the active data centre changes; eqiad before the first. */
  readonly switchoversMs: readonly number[];
};

/** Mean over all stories. */
const changesPerEpisode = 5.6;

/** One story in 90 events: with its reverts, and those of edit wars, that is the 3 % of revert-like edits seen on real days. */
export const defaultModel = (seed: string, rate: number): ModelOptions => ({
  seed,
  rate,
  episodesPerSecond: rate / 90,
  canarySeconds: 300,
  switchoversMs: [],
});

export type EventModel = {
  /** All events of one second (since the epoch), oldest first. The same call always gives the same events. */
  eventsOf(second: number): readonly SimEvent[];
  /** What the planned changes of that second are, by event id. */
  labelsOf(second: number): ReadonlyMap<string, Label>;
};

/** Plans of the stories that may still matter; one entry a second, so the window bounds it. */
const maxPlans = 4 * longestEpisodeSeconds;

/** The simulated feed: a pure function of options and second (the cache is only speed). */
export function createEventModel(options: ModelOptions): EventModel {
  // Second in which stories begin → second in which their changes happen → the changes.
  const plans = new Map<number, ReadonlyMap<number, readonly PlannedChange[]>>();
  const plansOf = (second: number): ReadonlyMap<number, readonly PlannedChange[]> => {
    const known = plans.get(second);
    if (known) return known;
    const count = Math.min(
      storiesPerSecond,
      randomOf(options.seed, "episodes", second).poisson(options.episodesPerSecond),
    );
    const planned = Array.from({ length: count }, (_, ordinal) => episode(options.seed, second, ordinal)).flat();
    const bySecond = Map.groupBy(planned, ({ timestampMs }) => Math.floor(timestampMs / 1000));
    if (plans.size >= maxPlans) plans.delete(plans.keys().next().value ?? 0);
    plans.set(second, bySecond);
    return bySecond;
  };
  const plannedIn = (second: number): readonly PlannedChange[] => {
    const found: PlannedChange[] = [];
    for (let start = second - longestEpisodeSeconds; start <= second; start += 1)
      found.push(...(plansOf(start).get(second) ?? []));
    return found;
  };
  const wrap = (planned: PlannedChange): SimEvent =>
    envelop(options, planned, `plan-${planned.timestampMs}-${planned.sequence}`);
  return {
    eventsOf: (second) =>
      [...ordinaryEvents(options, second), ...plannedIn(second).map(wrap), ...canaries(options, second)].sort(byTime),
    labelsOf: (second) =>
      new Map(
        plannedIn(second).flatMap((planned) =>
          ((id) => (id ? [[id, planned.label] as const] : []))(wrap(planned).eventId),
        ),
      ),
  };
}

const byTime = (one: SimEvent, other: SimEvent): number =>
  one.timestampMs - other.timestampMs || one.sequence - other.sequence;

/** The data centre that takes the writes at a time. */
export function activeCentre(switchoversMs: readonly number[], timestampMs: number): DataCentre {
  return switchoversMs.filter((at) => at <= timestampMs).length % 2 === 0 ? "eqiad" : "codfw";
}

type Placed = { readonly timestampMs: number; readonly sequence: number; readonly change: PlannedChange["change"] };

function envelop(options: ModelOptions, { timestampMs, sequence, change }: Placed, key: string): SimEvent {
  const centre = activeCentre(options.switchoversMs, timestampMs);
  const random = randomOf(options.seed, "lag", key);
  const lagMs = Math.min(2700, Math.floor(random.logNormal(120, 1)));
  return toSimEvent(change, { key: `${options.seed}-${key}`, timestampMs, sequence, centre, lagMs });
}

function ordinaryEvents(options: ModelOptions, second: number): SimEvent[] {
  const random = randomOf(options.seed, "second", second);
  const planned = options.episodesPerSecond * changesPerEpisode;
  // Sequence numbers of ordinary changes stay below those of planned ones.
  const count = Math.min(12_000, random.poisson(Math.max(0, options.rate - planned)));
  const times = Array.from({ length: count }, () => random.int(1000)).sort((one, other) => one - other);
  return times.map((ms, sequence) => {
    const timestampMs = second * 1000 + ms;
    return envelop(
      options,
      { timestampMs, sequence, change: ordinaryChange(random, { timestampMs, sequence }) },
      `${second}-${sequence}`,
    );
  });
}

/** Both data centres get canaries, the idle one too: the only sign of life there. */
function canaries({ canarySeconds }: ModelOptions, second: number): SimEvent[] {
  if (canarySeconds <= 0 || second % canarySeconds !== 0) return [];
  return [canaryEvent(second * 1000, "eqiad"), canaryEvent(second * 1000 + 1, "codfw")];
}
