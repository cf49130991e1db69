import type { WriteStream } from "node:tty";

/** Text for a person while something runs: lasting lines, and on a terminal one line that is written over. */
export type ProgressLine = {
  /** A line that stays. */
  say(text: string): void;
  /** Replaces the moving line on a terminal; elsewhere printed at most every ten seconds. */
  show(text: string): void;
  close(): void;
};

/** A log file wants a sign of life, not a film. */
const plainEveryMs = 10_000;

/** Writes to a terminal or a file, whichever the stream is. */
export function createProgressLine(
  stream: Pick<WriteStream, "write" | "isTTY" | "columns">,
  now: () => number = Date.now,
): ProgressLine {
  const startedMs = now();
  let shown = "";
  let plainAtMs = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (shown !== "") stream.write("\r\u001b[2K");
    shown = "";
  };
  const stamp = (): string => `[${((now() - startedMs) / 1000).toFixed(0).padStart(4)} s]`;
  return {
    say: (text) => {
      clear();
      stream.write(`${stamp()} ${text}\n`);
    },
    show: (text) => {
      if (stream.isTTY) {
        clear();
        shown = `${stamp()} ${text}`.slice(0, (stream.columns ?? 80) - 1);
        stream.write(shown);
      } else if (now() - plainAtMs >= plainEveryMs) {
        plainAtMs = now();
        stream.write(`${stamp()} ${text}\n`);
      }
    },
    close: clear,
  };
}
