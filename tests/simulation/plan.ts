/*
 * Where a simulation takes its luck from. Each decision has a site (a name) and a number at that site, and is a hash of
 * seed, site and number: taking one fault away leaves the dice of all the others as they were, so that a failing
 * schedule can be made smaller.
 */

/** Every misbehaviour that a world can show, with its usual chance a decision. */
export const faultRates = {
  // The shim's process.
  "shim.kill": 0.003,
  "shim.stop": 0.02,
  "shim.twin": 0.1,
  "shim.long-down": 0.06,
  "shim.clock": 0.25,
  // EventStreams.
  "source.cut": 0.02,
  "source.end": 0.01,
  "source.silence": 0.01,
  "source.error-frame": 0.005,
  "source.repeat": 0.03,
  "source.throttled": 0.08,
  "source.unavailable": 0.1,
  "source.no-content": 0.03,
  "source.html": 0.03,
  "source.forbidden": 0.01,
  "source.refused": 0.02,
  "source.hang": 0.02,
  "source.latest": 0.1,
  // Kafka.
  "kafka.failed": 0.02,
  "kafka.ack-lost": 0.02,
  "kafka.late-append": 0.01,
  "kafka.slow": 0.1,
  "kafka.tail-unreadable": 0.1,
  // S3.
  "s3.503": 0.03,
  "s3.409": 0.05,
  "s3.reply-lost": 0.03,
  "s3.late": 0.01,
  "s3.slow": 0.02,
  // Athena.
  "athena.throttled": 0.03,
  "athena.start-lost": 0.08,
  "athena.start-late": 0.05,
  "athena.reply-lost": 0.02,
  "athena.conflict": 0.08,
  "athena.failed-committed": 0.1,
  "athena.cancelled": 0.05,
  "athena.slow": 0.05,
  "athena.uncounted": 0.1,
  "athena.short": 0.02,
  // The function and its mapping.
  "lambda.kill": 0.003,
  "lambda.pause": 0.002,
  "mapping.twice": 0.08,
  "mapping.bisect": 0.05,
  "mapping.shift": 0.15,
  "mapping.rebalance": 0.05,
  "mapping.gives-up": 0.15,
  // Added later: the dice of those above stay as they were.
  "athena.refused": 0.02,
  "athena.bad-read": 0.03,
  "s3.stuck": 0.003,
} as const satisfies Readonly<Record<string, number>>;
export type Fault = keyof typeof faultRates;
export const faults = Object.keys(faultRates) as readonly Fault[]; // as: keys of the record above

/** One strike: `s3.503#12` is the 12th decision about a 503. */
export type Strike = `${Fault}#${number}`;

export type Plan = {
  /** In [0, 1). */
  random(site: string): number;
  /** A whole number in [from, to]. */
  between(site: string, from: number, to: number): number;
  /** Whether the fault happens here and now. */
  strikes(fault: Fault): boolean;
  /** From now on faults happen, or none does. */
  turn(to: "storm" | "calm"): void;
  readonly struck: readonly Strike[];
};

export type PlanOptions = {
  readonly seed: number;
  readonly rates: Readonly<Partial<Record<Fault, number>>>;
  /** Only these happen; undefined: all whose dice say so. */
  readonly only: ReadonlySet<Strike> | undefined;
  readonly onStrike: (strike: Strike) => void;
};

export function createPlan({ seed, rates, only, onStrike }: PlanOptions): Plan {
  const counts = new Map<string, { readonly base: number; next: number }>();
  const struck: Strike[] = [];
  let isCalm = false;
  const roll = (site: string): { readonly value: number; readonly number: number } => {
    let at = counts.get(site);
    if (at === undefined) {
      at = { base: mix(seed ^ hashText(site)), next: 0 };
      counts.set(site, at);
    }
    at.next += 1;
    return { value: mix(at.base + Math.imul(at.next, 0x9e3779b9)) / 4_294_967_296, number: at.next };
  };
  const random = (site: string): number => roll(site).value;
  return {
    random,
    between: (site, from, to) => from + Math.floor(random(site) * (to - from + 1)),
    strikes: (fault) => {
      const rate = rates[fault] ?? 0;
      if (isCalm || rate === 0) return false;
      const { value, number } = roll(fault);
      const strike: Strike = `${fault}#${number}`;
      if (value >= rate || only?.has(strike) === false) return false;
      struck.push(strike);
      onStrike(strike);
      return true;
    },
    turn: (to) => {
      isCalm = to === "calm";
    },
    struck,
  };
}

/** The finalizer of murmur3: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
