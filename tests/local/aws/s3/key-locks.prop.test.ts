import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createKeyLocks } from "../../../../local/aws/s3/key-locks.ts";

const task = fc.record({ key: fc.constantFrom("a", "b"), access: fc.constantFrom("read" as const, "write" as const) });

test("a writer is alone at its key, everybody gets a turn, and nothing is kept afterwards", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(task, { maxLength: 20 }), async (scheduler, tasks) => {
      const locks = createKeyLocks();
      const inside = new Map([
        ["a", { read: 0, write: 0 }],
        ["b", { read: 0, write: 0 }],
      ]);
      const runs = tasks.map(async ({ key, access }, index) => {
        const release = await locks.acquire(key, access);
        const counts = inside.get(key) ?? { read: 0, write: 0 };
        counts[access] += 1;
        expect(counts.write === 0 || (counts.write === 1 && counts.read === 0)).toBe(true);
        await scheduler.schedule(Promise.resolve(), `task ${index}`);
        counts[access] -= 1;
        release();
        release();
      });
      await scheduler.waitAll();
      await scheduler.waitFor(Promise.all(runs));
      expect(locks.size()).toBe(0);
    }),
    { numRuns: 200 },
  );
});
