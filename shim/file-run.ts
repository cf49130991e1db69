import { encodePositions } from "../lib/core/source-position.ts";
import type { Clock } from "../lib/platform/clock.ts";
import { type FileRead, type FileSourceConfig, readFileSource } from "../lib/sse/file-source.ts";
import type { Ingest } from "./ingest.ts";
import { toSessionRecord } from "./ledger-rows.ts";
import type { Stats } from "./stats.ts";

export type FileRun = {
  readonly ingest: Ingest;
  readonly stats: Stats;
  readonly clock: Clock;
  readonly shimEpoch: string;
  readonly newId: () => string;
  readonly limit: number | undefined;
  readonly finish: () => void;
};

/** Feeds a file into the ingest, from behind the last line delivered before; the reading is one session. */
export async function runFile(config: FileSourceConfig, run: FileRun, stop: AbortSignal): Promise<FileRead> {
  const { ingest, clock } = run;
  const openedAtMs = clock.now();
  const cursorIn = encodePositions(new Map([[config.name, config.afterLine]]));
  let bytes = 0;
  let overLimit = 0;
  const read = await readFileSource(
    config,
    clock,
    {
      frame: (frame) => {
        if (run.limit !== undefined && ingest.routed >= run.limit) {
          overLimit += 1;
          return run.finish();
        }
        run.stats.alive();
        bytes += frame.bytes;
        ingest.frame(frame);
      },
      room: () => ingest.room(),
    },
    stop,
  );
  const ids = { sessionId: run.newId(), shimEpoch: run.shimEpoch };
  const about = { closeReason: stop.aborted ? "stopped" : "finished", httpStatus: undefined, bytes };
  const cursors = { cursorIn, cursorOut: encodePositions(ingest.marks()) };
  ingest.writeOps(
    toSessionRecord(ingest.session, { ...ids, openedAtMs, closedAtMs: clock.now(), ...about, ...cursors }),
  );
  return { ...read, read: read.read - overLimit };
}
