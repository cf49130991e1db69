import type { Fault, Plan } from "./plan.ts";
import type { Scheduler } from "./scheduler.ts";

/** What every part of a world shares. */
export type Ground = {
  readonly scheduler: Scheduler;
  readonly plan: Plan;
  /** One line of the trace. */
  readonly trace: (line: string) => void;
  /** The world itself has come upon what it does not understand: the run is worth nothing. */
  readonly broken: (error: unknown) => void;
};

/**
 * A process of ours. It runs only when one of its calls is answered, so killing it at its answers is killing it at any
 * await. A request that is under way when it dies arrives all the same.
 */
export type SimProcess = {
  readonly name: string;
  readonly isDead: boolean;
  /** Resolves when it dies. */
  readonly death: Promise<void>;
  kill(): void;
  /** Around each call: may end or pause the process here. */
  step(): Promise<void>;
  /** A call of the process to something outside: travels, has its effect, travels back. */
  call<T>(maxTravelMs: number, effect: () => T | Promise<T>): Promise<T>;
  sleep(ms: number): Promise<void>;
};

type Options = {
  readonly name: string;
  readonly kill: Fault;
  readonly pause?: Fault;
};

/** Lengths of a pause: past the slot's freshness, the send limit, the function's time, the time of giving up. */
const pausesMs = [61_000, 6 * 60_000, 15 * 60_000, 61 * 60_000];

export function createProcess({ scheduler, plan, trace }: Ground, { name, kill, pause }: Options): SimProcess {
  const death = Promise.withResolvers<void>();
  const state = { isDead: false };
  const end = (): void => {
    if (state.isDead) return;
    state.isDead = true;
    trace(`${name} dies`);
    death.resolve();
  };
  const step = async (): Promise<void> => {
    if (state.isDead) return never();
    if (pause !== undefined && plan.strikes(pause)) {
      const ms = pausesMs[plan.between("pause", 0, pausesMs.length - 1)] ?? 0;
      trace(`${name} is paused for ${ms} ms`);
      await scheduler.sleep(ms);
    }
    if (plan.strikes(kill)) end();
    if (state.isDead) return never();
  };
  const travel = (maxMs: number): Promise<void> => scheduler.sleep(1 + plan.random("travel") * maxMs);
  return {
    name,
    get isDead() {
      return state.isDead;
    },
    death: death.promise,
    kill: end,
    step,
    call: async (maxTravelMs, effect) => {
      await step();
      await travel(maxTravelMs);
      try {
        return await effect();
      } finally {
        await travel(maxTravelMs);
        await step();
      }
    },
    sleep: async (ms) => {
      await scheduler.sleep(ms);
      await step();
    },
  };
}

export function never(): Promise<never> {
  return new Promise(() => undefined);
}
