import { type SourceEvent, sourceTopics } from "./fake-source.ts";
import { createPlan, type Fault, faultRates, faults, type Plan } from "./plan.ts";

/** A world, before anything happens in it: all of it follows from the seed. */
export type Scenario = {
  readonly startMs: number;
  readonly rates: Readonly<Partial<Record<Fault, number>>>;
  /** In each round the topic begins anew: offsets start again. */
  readonly rounds: readonly Round[];
  /** How long after the first events the shim starts: then it has something to catch up with. */
  readonly upAfterMs: number;
  readonly partitions: number;
  readonly batchSize: number;
  readonly pollers: number;
  readonly timeoutMs: number;
  readonly retentionHours: number;
  readonly bufferBytes: number;
  /** Everything stored must be committed within this, once nothing goes wrong any more. */
  readonly committedWithinMs: number;
};
export type Round = { readonly fromMs: number; readonly untilMs: number; readonly events: readonly SourceEvent[] };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** An epoch that nobody knows the end of takes an hour; a poisoned row among many takes ten minutes to be found. */
const committedWithinMs = 24 * hourMs;
/** Events with this in their title cannot be written by any statement. */
export const poisonTitle = "Poison";
/** A text that the broker takes for too large. */
const largeComment = "x".repeat(7_000);

/** What a world has for certain; otherwise its dice say. */
export type Shape = {
  readonly isRecreated?: boolean;
  readonly isSwitched?: boolean;
  readonly isSkewed?: boolean;
  readonly isPoisoned?: boolean;
};

export function createScenario(seed: number, shape: Shape = {}): Scenario {
  const dice = createPlan({ seed: seed ^ 0x5eed, rates: {}, only: undefined, onStrike: () => undefined });
  const pick = <T>(site: string, choices: readonly [T, ...T[]]): T =>
    choices[dice.between(site, 0, choices.length - 1)] ?? choices[0];
  // Minutes before midnight now and then: a batch then spans two days.
  const startMs = Date.UTC(2026, 10, 21, pick("hour", [3, 12, 23]), pick("minute", [0, 30, 55]));
  const isRecreated = dice.random("recreated") < 0.15 || shape.isRecreated === true;
  const count = isRecreated ? 2 : 1;
  const isShortRetention = !isRecreated && dice.random("retention") < 0.25;
  return {
    startMs,
    rates: swarm(dice, isShortRetention),
    rounds: Array.from({ length: count }, (_, round) =>
      createRound(dice, shape, round, startMs + round * 35 * minuteMs),
    ),
    upAfterMs: pick("up-after", [0, 0, 0, 8 * minuteMs]),
    partitions: pick("partitions", [1, 2, 3, 4]),
    batchSize: pick("batch", [6, 12, 40]),
    pollers: pick("pollers", [1, 2, 3]),
    timeoutMs: pick("timeout", [180_000, 14 * minuteMs, 14 * minuteMs]),
    retentionHours: isShortRetention ? 2 : 168,
    bufferBytes: pick("buffer", [4_000, 64_000, 32 * 1_048_576]),
    committedWithinMs,
  };
}

/** Each world shows some of the faults, each with its own frequency: a rare pair meets more often than in a mix of all. */
function swarm(dice: Plan, isShortRetention: boolean): Scenario["rates"] {
  const share = dice.random("share");
  const rates: Partial<Record<Fault, number>> = {};
  for (const fault of faults) {
    const isIn = dice.random("in") < share * 0.8 || (isShortRetention && fault === "shim.long-down");
    const factor = 0.5 + 3 * dice.random("factor") ** 3;
    if (isIn) rates[fault] = Math.min(0.6, faultRates[fault] * factor);
  }
  return rates;
}

function createRound(dice: Plan, shape: Shape, round: number, fromMs: number): Round {
  const spanMs = dice.between("span", 2, 9) * minuteMs;
  const count = dice.between("count", 25, 90);
  const switchesAt =
    dice.random("switches") < 0.5 || shape.isSwitched
      ? fromMs + dice.random("switch") * spanMs
      : Number.POSITIVE_INFINITY;
  const isPoisonedByDice = dice.random("poisoned") < 0.15;
  const isPoisoned = shape.isPoisoned ?? isPoisonedByDice;
  const isSkewed = dice.random("skewed") < 0.4 || shape.isSkewed === true;
  const events: SourceEvent[] = [];
  let atMs = fromMs + 2_000;
  for (let index = 0; index < count; index += 1) {
    const isSibling = dice.random("sibling") < 0.2;
    atMs += isSibling ? 0 : dice.random("gap") ** 2 * ((spanMs * 3) / count);
    const topic = atMs < switchesAt === dice.random("side") > 0.03 ? sourceTopics[0] : sourceTopics[1];
    const name = `r${round}e${index}`;
    events.push(
      createEvent(dice, { name, topic, atMs: Math.floor(atMs), fromMs, isPoisoned, isSkewed, before: events.at(-1) }),
    );
  }
  return { fromMs, untilMs: atMs, events };
}

type EventOptions = {
  readonly name: string;
  readonly topic: string;
  readonly atMs: number;
  readonly fromMs: number;
  readonly isPoisoned: boolean;
  readonly isSkewed: boolean;
  readonly before: SourceEvent | undefined;
};

function createEvent(
  dice: Plan,
  { name, topic, atMs, fromMs, isPoisoned, isSkewed, before }: EventOptions,
): SourceEvent {
  const lateMs = dice.random("late") < 0.15 ? dice.random("late-ms") * 30_000 : 0;
  const ts = Math.max(fromMs, Math.floor(atMs - lateMs));
  const skewMs =
    isSkewed && dice.random("skew") < 0.2 ? (dice.random("ahead") < 0.5 ? 4 * minuteMs : -2 * hourMs) : -500;
  const dtMs = ts + skewMs;
  const kind = dice.random("kind");
  const base = { topic, ts, atMs, dtMs };
  if (kind < 0.05)
    return { ...base, kind: "canary", key: name, data: JSON.stringify({ meta: { domain: "canary", topic } }) };
  if (kind < 0.08) return { ...base, kind: "broken", key: name, data: `{"broken ${name}` };
  if (kind < 0.1)
    return {
      ...base,
      kind: "broken",
      key: name,
      data: JSON.stringify({ meta: { topic, dt: iso(dtMs) }, title: name }),
    };
  const isTwin = kind < 0.13 && before?.kind === "event";
  const id = isTwin ? before.key : name;
  const meta = { id, dt: iso(dtMs), domain: "en.wikipedia.org", topic, partition: 0 };
  const isPoison = isPoisoned && dice.random("poison") < 0.03;
  const title = isPoison ? `${poisonTitle} ${name}` : `Page ${dice.between("page", 0, 7)}`;
  const comment = dice.random("large") < 0.01 ? largeComment : name;
  const data = JSON.stringify({
    $schema: "/mediawiki/recentchange/1.0.0",
    meta,
    type: "edit",
    title,
    wiki: "enwiki",
    comment,
  });
  return { ...base, kind: "event", key: id, data };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
