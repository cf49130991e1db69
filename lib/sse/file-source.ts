import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Clock } from "../platform/clock.ts";
import { SseError } from "./errors.ts";
import type { SourceFrame } from "./frame-reader.ts";
import { LineSplitter } from "./line-splitter.ts";

/** A pause shorter than this is saved up: timers are no more exact. */
const minPauseMs = 5;

export type FileSourceConfig = {
  readonly path: string;
  /** What openFile said. */
  readonly name: string;
  /** Lines up to this one were delivered before. */
  readonly afterLine: number;
  /** Events a second; undefined for as fast as it goes. */
  readonly rate: number | undefined;
};
export type FileSink = {
  frame(frame: SourceFrame): void;
  room(): Promise<void> | undefined;
};
export type FileRead = {
  /** Lines that are not empty, those delivered before included. */
  readonly read: number;
  readonly alreadyDelivered: number;
};

/**
 * The name of a file in cursors: the hash of its bytes, so that the same file under another name is the same source.
 *
 * @throws SseError SOURCE_FILE_MISSING
 */
export async function nameFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (cause) {
    throw new SseError("SOURCE_FILE_MISSING", `the source file cannot be read: ${path}`, { retriable: false, cause });
  }
  return `file:${hash.digest("hex")}`;
}

/**
 * Delivers the lines of an NDJSON file, plain or gzip, in order and in bounded memory, until its end or `stop`.
 *
 * @throws SseError SOURCE_FILE_CORRUPT when the compressed data is broken; the lines before were delivered
 */
export async function readFileSource(
  config: FileSourceConfig,
  clock: Clock,
  sink: FileSink,
  stop: AbortSignal,
): Promise<FileRead> {
  const lines = new LineSplitter();
  const pace = createPace(config.rate, clock, stop);
  const counts = { read: 0, alreadyDelivered: 0 };
  const deliver = async (batch: ReturnType<LineSplitter["push"]>): Promise<void> => {
    for (const line of batch) {
      counts.read += 1;
      if (line.number <= config.afterLine) {
        counts.alreadyDelivered += 1;
        continue;
      }
      const room = sink.room();
      if (room !== undefined) await room;
      const pause = pace();
      if (pause !== undefined) await pause;
      if (stop.aborted) {
        counts.read -= 1;
        return;
      }
      const at = new Map([[config.name, line.number]]);
      sink.frame({ at, cursorText: `${config.name}:${line.number}`, data: line.data, bytes: line.bytes });
    }
  };
  const stream = await openStream(config.path);
  let broken: unknown;
  stream.once("error", (error) => {
    broken = error;
  });
  try {
    for await (const chunk of stream) {
      await deliver(lines.push(chunk));
      if (stop.aborted) return counts;
    }
    await deliver(lines.end());
    return counts;
  } catch (cause) {
    // Only the stream's own failure is the file's fault; what the sink throws is a bug and passes.
    if (broken === undefined) throw cause;
    throw new SseError("SOURCE_FILE_CORRUPT", `the source file breaks off: ${config.path}`, {
      retriable: false,
      cause,
    });
  } finally {
    stream.destroy();
  }
}

async function openStream(path: string): Promise<Readable> {
  const file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
  await file.close();
  const source = createReadStream(path);
  const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  if (!isGzip) return source;
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  gunzip.on("close", () => source.destroy());
  return source.pipe(gunzip);
}

/** Waits until the next event is due. */
function createPace(rate: number | undefined, clock: Clock, stop: AbortSignal): () => Promise<void> | undefined {
  if (rate === undefined) return () => undefined;
  const startMs = clock.monotonic();
  let sent = 0;
  return () => {
    const waitMs = startMs + (sent * 1000) / rate - clock.monotonic();
    sent += 1;
    return waitMs >= minPauseMs ? clock.sleep(waitMs, stop) : undefined;
  };
}
