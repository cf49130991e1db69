import { type Asked, askFrom, rewindMs } from "../lib/core/resume.ts";
import type { Positions } from "../lib/core/source-position.ts";

/** The source forgets at its own pace: asking for its very last hour would race with it. */
const retentionMarginMs = 3_600_000;
/** A cursor younger than this is not stale: a 400 for it is the server's trouble, and falling back would lose events. */
const youngestStaleMs = 3_600_000;

export type PlannedGap = { readonly topic: string; readonly fromMs: number; readonly toMs: number };

type Options = {
  readonly topics: readonly string[];
  readonly marks: () => Positions;
  readonly now: () => number;
  readonly retentionMs: number;
  readonly askFrom?: typeof askFrom | undefined;
};

/**
 * What to ask the source for. Normally each topic from its own mark, rewound. A cursor that is refused as too old is
 * replaced by the oldest time allowed, on trial: half the age again each time it is refused. Only when the source
 * takes it does the trial become the floor, and what lies between is a gap.
 */
export class ResumePlan {
  readonly #options: Options;
  readonly #floors = new Map<string, number>();
  #trial: ReadonlyMap<string, number> | undefined;
  #refusals = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The oldest time that the source can be expected to know. */
  oldestMs(): number {
    return this.#options.now() - Math.max(this.#options.retentionMs - retentionMarginMs, this.#options.retentionMs / 2);
  }

  /** A topic without a cursor starts here. */
  startAt(topic: string, ms: number): void {
    this.#floors.set(topic, ms);
  }

  floors(): Positions {
    return this.#floors;
  }

  ask(): Asked {
    return (this.#options.askFrom ?? askFrom)(this.#options.marks(), this.#trial ?? this.#floors, this.#options.topics);
  }

  /**
   * The source answered 400. How old a cursor is, its own clock says, by which it forgets: to a shim 58 minutes ahead a
   * cursor of two minutes looked stale, and it wrote a gap row for what it then did not miss (seed 7283).
   */
  refused(serverMs: number | undefined): "retry" | "wait" {
    const { at } = this.ask();
    const oldestAllowedMs = (serverMs ?? this.#options.now()) - this.#ageMs();
    this.#refusals += 1;
    const stale = [...at].filter(([, askedMs]) => askedMs < oldestAllowedMs);
    if (stale.length === 0) return "wait";
    this.#trial = new Map([...this.#floors, ...stale.map(([topic]) => [topic, oldestAllowedMs] as const)]);
    return "retry";
  }

  /** The source took what we asked for. Gaps that a trial left behind are returned once. */
  accepted(): readonly PlannedGap[] {
    const trial = this.#trial;
    this.#trial = undefined;
    this.#refusals = 0;
    if (trial === undefined) return [];
    const marks = this.#options.marks();
    const gaps: PlannedGap[] = [];
    for (const [topic, floor] of trial) {
      const mark = marks.get(topic) ?? 0;
      // Late ones of the minute before the mark were asked for too, and are as lost.
      const fromMs = Math.max(0, mark - rewindMs);
      if (floor > (this.#floors.get(topic) ?? 0) && floor > fromMs) gaps.push({ topic, fromMs, toMs: floor });
      this.#floors.set(topic, floor);
    }
    return gaps;
  }

  /** Ask from behind this position on: what stands there cannot be read. */
  skipTo(topic: string, ms: number): void {
    this.#floors.set(topic, Math.max(ms, this.#floors.get(topic) ?? 0));
  }

  #ageMs(): number {
    const { retentionMs } = this.#options;
    const full = Math.max(retentionMs - retentionMarginMs, retentionMs / 2);
    return Math.max(full / 2 ** this.#refusals, Math.min(full, youngestStaleMs));
  }
}
