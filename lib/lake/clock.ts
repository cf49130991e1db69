import type { Clock as PlatformClock } from "../platform/clock.ts";

/** Time and waiting, as far as the lake needs them: the simulator runs the same code on a clock of its own. */
export type Clock = Pick<PlatformClock, "now" | "sleep">;
