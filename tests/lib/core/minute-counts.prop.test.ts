import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createMinuteCounts, type MinuteCount, type Outcome } from "../../../lib/core/minute-counts.ts";

const outcome = fc.constantFrom<Outcome>("canaries", "duplicates", "acked", "rejected");
const event = fc.record({ topic: fc.constantFrom("a", "b"), afterMs: fc.nat(20_000), outcome, settleAt: fc.nat(10) });

test("every count that is given out is complete, and together they count each event once", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), (events) => {
      const counts = createMinuteCounts();
      const out = [];
      const open: { ticket: MinuteCount; outcome: Outcome }[] = [];
      let now = 0;
      for (const one of events) {
        now += one.afterMs;
        open.push({ ticket: counts.receive(one.topic, now), outcome: one.outcome });
        for (const due of open.splice(0, one.settleAt % (open.length + 1))) counts.settle(due.ticket, due.outcome, now);
        out.push(...counts.takeComplete(now));
      }
      for (const due of open) counts.settle(due.ticket, due.outcome);
      out.push(...counts.takeSettled());
      for (const count of out) {
        expect(count.received).toBe(count.canaries + count.duplicates + count.acked + count.rejected);
      }
      expect(out.reduce((sum, count) => sum + count.received, 0)).toBe(events.length);
      expect(new Set(out.map(({ topic, minuteMs }) => `${topic} ${minuteMs}`)).size).toBe(out.length);
      expect(counts.takeSettled()).toEqual([]);
    }),
  );
});
