import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { anySignal } from "../../../lib/platform/any-signal.ts";

/** The collector, which node hands out on request only. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

test("is aborted with whichever source comes first, for its reason", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const signal = anySignal(first.signal, second.signal);
  expect(signal.aborted).toBe(false);
  second.abort("second");
  first.abort("first");
  expect(signal.reason).toBe("second");
});

test("is aborted from the start when a source is", () => {
  expect(anySignal(new AbortController().signal, AbortSignal.abort("before")).reason).toBe("before");
});

test("hears of a source that was aborted and collected before anyone asked", async () => {
  const collect = collector();
  const lasting = new AbortController();
  const signal = (() => {
    const passing = new AbortController();
    const made = anySignal(lasting.signal, passing.signal);
    passing.abort();
    return made;
  })();
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(signal.aborted).toBe(true);
});

test("is collected, with what listens to it, although nobody ever aborts", async () => {
  const collect = collector();
  const listening = (() => {
    const [source, over] = [new AbortController(), new AbortController()];
    const heard = { sources: [source, over] };
    const open = (): void => void heard.sources.length;
    source.signal.addEventListener("abort", open);
    anySignal(source.signal, over.signal).addEventListener("abort", open);
    return new WeakRef(heard);
  })();
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(listening.deref()).toBeUndefined();
});
