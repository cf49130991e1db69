/** A counting lock: at most `size` holders, the others wait in order. */
export type Slots = {
  /** Resolves with what gives the place back. An abort ends the wait without a place. */
  acquire(signal: AbortSignal): Promise<() => void>;
};

export function createSlots(size: number): Slots {
  let free = size;
  const waiting = new Set<() => void>();
  const release = (): void => {
    const [next] = waiting;
    if (next === undefined) free += 1;
    else next();
  };
  return {
    acquire: (signal) => {
      if (free > 0) {
        free -= 1;
        return Promise.resolve(release);
      }
      return new Promise((resolve) => {
        const leave = (result: () => void) => (): void => {
          waiting.delete(granted);
          signal.removeEventListener("abort", givenUp);
          resolve(result);
        };
        const granted = leave(release);
        const givenUp = leave(() => undefined);
        waiting.add(granted);
        signal.addEventListener("abort", givenUp, { once: true });
      });
    },
  };
}
