/** Many readers or one writer of a key, first come first served. */
export type KeyLocks = {
  /** Waits for its turn; the returned function ends it and may be called twice. */
  acquire(key: string, access: "read" | "write"): Promise<() => void>;
  /** Keys somebody holds or waits for. */
  size(): number;
};

type Waiter = { readonly access: "read" | "write"; readonly enter: () => void };
type State = { readers: number; writing: boolean; readonly queue: Waiter[] };

/** Makes locks for any number of keys; a key nobody uses costs nothing. */
export function createKeyLocks(): KeyLocks {
  const states = new Map<string, State>();
  const stateOf = (key: string): State => {
    const state = states.get(key) ?? { readers: 0, writing: false, queue: [] };
    states.set(key, state);
    return state;
  };
  return {
    acquire: (key, access) =>
      new Promise((resolve) => {
        const state = stateOf(key);
        const enter = (): void => resolve(once(() => leave(states, key, state, access)));
        state.queue.push({ access, enter });
        admit(state);
      }),
    size: () => states.size,
  };
}

function leave(states: Map<string, State>, key: string, state: State, access: "read" | "write"): void {
  if (access === "write") state.writing = false;
  else state.readers -= 1;
  admit(state);
  if (state.readers === 0 && !state.writing) states.delete(key);
}

// A reader behind a waiting writer waits too: a stream of readers must not hold a writer off for ever.
function admit(state: State): void {
  for (let next = state.queue[0]; next !== undefined; next = state.queue[0]) {
    if (state.writing || (next.access === "write" && state.readers > 0)) return;
    state.queue.shift();
    if (next.access === "write") state.writing = true;
    else state.readers += 1;
    next.enter();
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
