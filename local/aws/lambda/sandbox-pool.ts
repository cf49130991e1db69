import { AwsError } from "../service.ts";
import type { Sandbox, SandboxStart } from "./sandbox.ts";

/** Children of all functions: warm ones are used again, idle ones end, and the machine's cap is never exceeded. */
export type SandboxPool = {
  /** Gives a warm or a new sandbox. Throws TooManyRequestsException (429) at the function's or the machine's limit. */
  take(functionName: string, reserved: number | undefined, start: () => Promise<SandboxStart>): Promise<Taken>;
  /** Hands it back: kept warm when it is alive, forgotten when it is not. */
  giveBack(sandbox: Sandbox): void;
  /** Ends the idle ones of a function: its configuration or code changed. */
  retire(functionName: string): Promise<void>;
  /** Ends all, running ones as well. */
  stop(): Promise<void>;
  readonly size: () => number;
};

export type Taken = SandboxStart & { readonly isWarm: boolean };

type PoolOptions = {
  /** Children of all functions together: each costs 60–150 MB and a core's attention. */
  readonly maxSandboxes: number;
  /** An idle child is ended after this. */
  readonly idleMs: number;
  /** How long an invocation waits for the machine's cap before it is throttled. */
  readonly waitMs: number;
};

type Idle = { readonly sandbox: Sandbox; readonly timer: NodeJS.Timeout };

/** Creates an empty pool. */
export function createSandboxPool(options: PoolOptions): SandboxPool {
  const idle = new Map<string, Idle[]>();
  const busyByFunction = new Map<string, number>();
  const busy = new Set<Sandbox>();
  const waiting: (() => void)[] = [];
  let starting = 0;
  let stopped = false;

  const idleCount = (): number => [...idle.values()].reduce((sum, list) => sum + list.length, 0);
  const size = (): number => idleCount() + busy.size + starting;
  const count = (name: string, by: number): void => {
    busyByFunction.set(name, (busyByFunction.get(name) ?? 0) + by);
  };
  const end = (entry: Idle): Promise<void> => {
    clearTimeout(entry.timer);
    const list = idle.get(entry.sandbox.functionName) ?? [];
    idle.set(
      entry.sandbox.functionName,
      list.filter((other) => other !== entry),
    );
    return entry.sandbox.kill();
  };
  const takeWarm = (name: string): Sandbox | undefined => {
    for (let entry = idle.get(name)?.pop(); entry !== undefined; entry = idle.get(name)?.pop()) {
      clearTimeout(entry.timer);
      if (entry.sandbox.isAlive()) return entry.sandbox;
    }
    return undefined;
  };
  // Counts the new child before anything is awaited, or callers at the same moment would all find room.
  const makeRoom = async (): Promise<void> => {
    const deadline = Date.now() + options.waitMs;
    while (size() >= options.maxSandboxes) {
      const oldest = [...idle.values()].flat()[0];
      if (oldest !== undefined) {
        await end(oldest);
        continue;
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw throttled("ConcurrentInvocationLimitExceeded");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    starting += 1;
  };

  return {
    size,
    take: async (name, reserved, start) => {
      if (stopped) throw new AwsError("ServiceException", "the local runtime is stopping", 500);
      if (reserved !== undefined && (busyByFunction.get(name) ?? 0) >= reserved) {
        throw throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
      }
      count(name, 1);
      try {
        const warm = takeWarm(name);
        if (warm !== undefined) {
          busy.add(warm);
          return { kind: "ready", sandbox: warm, isWarm: true };
        }
        await makeRoom();
        const started = await start().finally(() => {
          starting -= 1;
        });
        if (started.kind === "failed") count(name, -1);
        else busy.add(started.sandbox);
        waiting.shift()?.();
        return { ...started, isWarm: false };
      } catch (error) {
        count(name, -1);
        throw error;
      }
    },
    giveBack: (sandbox) => {
      if (!busy.delete(sandbox)) return;
      count(sandbox.functionName, -1);
      if (sandbox.isAlive() && !stopped) {
        const timer = setTimeout(() => void end(entry), options.idleMs);
        timer.unref();
        const entry: Idle = { sandbox, timer };
        idle.set(sandbox.functionName, [...(idle.get(sandbox.functionName) ?? []), entry]);
      }
      waiting.shift()?.();
    },
    retire: async (name) => {
      await Promise.all((idle.get(name) ?? []).map(end));
    },
    stop: async () => {
      stopped = true;
      for (const wake of waiting.splice(0)) wake();
      await Promise.all([...[...idle.values()].flat().map(end), ...[...busy].map((sandbox) => sandbox.kill())]);
    },
  };
}

function throttled(reason: string): AwsError {
  return new AwsError("TooManyRequestsException", "Rate Exceeded.", 429, { Reason: reason, Type: "User" });
}
