import { describe, expect, test } from "@jest/globals";
import type { EngineProcess, ProcessExit } from "../../../local/engines/run/engine-process.ts";
import {
  type EngineDefinition,
  type EngineEvent,
  type Supervisor,
  supervise,
} from "../../../local/engines/run/supervisor.ts";

/** An engine made of promises: it is ready when told so, and ends when killed. */
class FakeEngine {
  readonly events: EngineEvent[] = [];
  readonly pids = new Map<string, number | undefined>();
  readonly ends: ((exit: ProcessExit) => void)[] = [];
  now = 0;
  ready = true;
  free = 1e9;
  spawned = 0;
  running = 0;
  prepare: () => Promise<void> = async () => undefined;
  pause: () => Promise<void> = async () => undefined;

  supervisor(signal?: AbortSignal): Supervisor {
    const definition: EngineDefinition = {
      name: "kafka",
      command: { command: "java", args: [], env: {}, cwd: "/state", logFile: "/nowhere/kafka.log" },
      prepare: () => this.prepare(),
      isReady: async () => this.ready,
      startTimeoutMs: 1_000,
      stopGraceMs: 10,
    };
    return supervise(definition, {
      spawn: async () => this.spawn(),
      now: () => this.now,
      sleep: async (ms) => {
        this.now += ms;
        await this.pause();
      },
      freeBytes: async () => this.free,
      readLogTail: async () => ["java.lang.Error: out of luck"],
      onEvent: (event) => this.events.push(event),
      onProcess: async (name, pid) => void this.pids.set(name, pid),
      signal,
    });
  }

  /** Ends the newest process as if it had crashed, and waits until the supervisor has done what it does then. */
  async crash(): Promise<void> {
    this.ends.at(-1)?.({ code: 1, signal: null });
    await settle();
  }

  kinds(): readonly string[] {
    return this.events.map(({ kind }) => kind);
  }

  private spawn(): EngineProcess {
    this.spawned += 1;
    this.running += 1;
    const { promise, resolve } = Promise.withResolvers<ProcessExit>();
    const end = (exit: ProcessExit): void => {
      resolve(exit);
    };
    void promise.then(() => {
      this.running -= 1;
    });
    this.ends.push(end);
    const stop = async (): Promise<ProcessExit> => {
      end({ code: null, signal: "SIGTERM" });
      return promise;
    };
    return { pid: 1000 + this.spawned, exited: promise, stop };
  }
}

/** Lets every promise that can go on do so; nothing here waits for a clock or a disk. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("a supervised engine", () => {
  test("is reported ready with its process once it answers", async () => {
    const engine = new FakeEngine();
    await engine.supervisor().start();
    expect(engine.events.at(-1)).toMatchObject({ kind: "ready", name: "kafka", pid: 1001 });
    expect(engine.pids.get("kafka")).toBe(1001);
  });

  test("is started again after a crash, and the crash is reported with its reason", async () => {
    const engine = new FakeEngine();
    const supervisor = engine.supervisor();
    await supervisor.start();
    await engine.crash();
    expect(engine.kinds()).toEqual(["starting", "ready", "crashed", "starting", "ready"]);
    expect(engine.events[2]).toMatchObject({
      reason: expect.stringMatching(/kafka ended \(exit code 1\).*out of luck/s),
    });
    expect(supervisor.pid()).toBe(1002);
  });

  test("is given up at the fourth crash within ten minutes", async () => {
    const engine = new FakeEngine();
    await engine.supervisor().start();
    for (let crash = 0; crash < 4; crash += 1) await engine.crash();
    expect(engine.events.at(-1)).toMatchObject({ kind: "gave-up", error: { code: "ENGINE_FAILED" } });
    expect(engine).toMatchObject({ spawned: 4, running: 0 });
  });

  test("is said to have ended for want of disk space when there is none", async () => {
    const engine = new FakeEngine();
    engine.free = 0;
    await engine.supervisor().start();
    for (let crash = 0; crash < 4; crash += 1) await engine.crash();
    expect(engine.events.at(-1)).toMatchObject({ kind: "gave-up", error: { code: "DISK_FULL" } });
  });

  test("is not given up when its crashes lie far apart", async () => {
    const engine = new FakeEngine();
    await engine.supervisor().start();
    for (let crash = 0; crash < 10; crash += 1) {
      engine.now += 3_600_000;
      await engine.crash();
    }
    expect(engine.kinds()).not.toContain("gave-up");
    expect(engine.running).toBe(1);
  });

  test("counts a restart that never answers as one more crash", async () => {
    const engine = new FakeEngine();
    await engine.supervisor().start();
    engine.ready = false;
    await engine.crash();
    await settle();
    expect(engine.kinds().filter((kind) => kind === "crashed")).toHaveLength(3);
    expect(engine.kinds().at(-1)).toBe("gave-up");
    expect(engine.running).toBe(0);
  });

  test("stays stopped when it is stopped while waiting for its restart", async () => {
    const engine = new FakeEngine();
    const supervisor = engine.supervisor();
    await supervisor.start();
    const waiting = Promise.withResolvers<void>();
    engine.pause = () => waiting.promise;
    await engine.crash();
    await supervisor.stop();
    waiting.resolve();
    await settle();
    expect(engine).toMatchObject({ spawned: 1, running: 0 });
  });

  test("runs once when it is restarted by hand while waiting for its restart", async () => {
    const engine = new FakeEngine();
    const supervisor = engine.supervisor();
    await supervisor.start();
    const waiting = Promise.withResolvers<void>();
    engine.pause = () => waiting.promise;
    await engine.crash();
    await supervisor.restart();
    waiting.resolve();
    await settle();
    expect(engine).toMatchObject({ spawned: 2, running: 1 });
  });
});

describe("stopping", () => {
  test("is no crash", async () => {
    const engine = new FakeEngine();
    const supervisor = engine.supervisor();
    await supervisor.start();
    await supervisor.stop();
    await settle();
    expect(engine.kinds()).toEqual(["starting", "ready", "stopped"]);
    expect(engine.pids.get("kafka")).toBeUndefined();
  });

  test("in the middle of a start spawns nothing afterwards", async () => {
    const engine = new FakeEngine();
    const formatting = Promise.withResolvers<void>();
    engine.prepare = () => formatting.promise;
    const supervisor = engine.supervisor();
    const started = supervisor.start();
    const stopped = supervisor.stop();
    formatting.resolve();
    await expect(started).rejects.toMatchObject({ code: "START_INTERRUPTED" });
    await stopped;
    expect(engine.spawned).toBe(0);
  });

  test("while an engine does not answer yet ends it", async () => {
    const engine = new FakeEngine();
    engine.ready = false;
    const stop = new AbortController();
    engine.pause = async () => stop.abort();
    const supervisor = engine.supervisor(stop.signal);
    await expect(supervisor.start()).rejects.toMatchObject({ code: "START_INTERRUPTED" });
    await supervisor.stop();
    expect(engine).toMatchObject({ spawned: 1, running: 0 });
  });
});

describe("a first start", () => {
  test("fails with the reason when the engine ends", async () => {
    const engine = new FakeEngine();
    engine.ready = false;
    engine.pause = async () => {
      engine.ends.at(-1)?.({ code: 1, signal: null });
      await settle();
    };
    await expect(engine.supervisor().start()).rejects.toMatchObject({ code: "ENGINE_FAILED" });
    expect(engine.running).toBe(0);
  });

  test("fails when the engine does not answer in time, and ends it", async () => {
    const engine = new FakeEngine();
    engine.ready = false;
    await expect(engine.supervisor().start()).rejects.toThrow("does not answer after 1 s");
    expect(engine.running).toBe(0);
  });
});
