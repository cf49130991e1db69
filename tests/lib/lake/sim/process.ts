import type { Scheduler } from "./scheduler.ts";

/**
 * One run of our code that can be stopped between any two of its calls. A killed one never gets an answer again, as
 * a function whose sandbox is gone; a paused one gets it late, and goes on as if no time had passed.
 */
export type SimProcess = {
  readonly name: string;
  isDead: boolean;
  /** Called around each call to a port: takes time, may pause, may end the process here. */
  step(): Promise<void>;
};

export type ProcessFaults = {
  /** Chance, per call, that the process dies there. */
  readonly kill: number;
  /** Chance, per call, of a long pause, and how long. */
  readonly pause: number;
  readonly pauseMs: readonly number[];
};

export function createProcess(
  name: string,
  scheduler: Scheduler,
  random: () => number,
  faults: ProcessFaults,
  onDeath: () => void,
): SimProcess {
  const self: SimProcess = {
    name,
    isDead: false,
    step: async () => {
      if (self.isDead) return never();
      const isPaused = random() < faults.pause;
      const pauseMs = faults.pauseMs[Math.floor(random() * faults.pauseMs.length)] ?? 0;
      await scheduler.sleep(isPaused ? pauseMs * (0.8 + random() * 0.4) : 5 + random() * 40);
      if (self.isDead) return never();
      if (random() >= faults.kill) return;
      self.isDead = true;
      onDeath();
      return never();
    },
  };
  return self;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
