import { createParser } from "eventsource-parser";
import { type Positions, parseEventId } from "../core/source-position.ts";
import { FrameGuard, type GuardOutput } from "./frame-guard.ts";

/**
 * Largest frame that is parsed. Somewhat above the largest record that the judge takes, which gives its own reason;
 * bigger ones are cut without being held.
 */
export const maxFrameBytes = 1_100_000;
/** The source's own limit for an event is 8 MB; four times that without an end is no event. */
export const maxSkippedBytes = 32 * 1_048_576;

/** What a source delivers: the bytes of one event, as they came. */
export type SourceFrame = {
  /** Position of each topic as the frame's id gives it; undefined without a readable id. */
  readonly at: Positions | undefined;
  /** The id as text, for a dead letter. */
  readonly cursorText: string | undefined;
  /** The data, or its first bytes when the frame was cut. */
  readonly data: Buffer;
  /** Bytes that the data had; more than `data` holds when the frame was cut. */
  readonly bytes: number;
};

export type FrameSink = {
  frame(frame: SourceFrame): void;
  /** An `event: error` frame: the server says why and will close. */
  errorFrame(): void;
  /** A frame above the limit broke off or has no end; its stub went to `frame` before. */
  endless(at: Positions | undefined): void;
};

export type FrameReader = {
  push(chunk: Uint8Array): void;
  /** The stream is over. Half an event is no event, but one above the limit is told of. */
  end(): void;
};

/**
 * Bytes of an event stream to frames. The bytes go through the parser as Latin-1, one character a byte, and come out
 * as the same bytes: what is not UTF-8 reaches the judge as it was sent.
 */
export function createFrameReader(sink: FrameSink): FrameReader {
  const guard = new FrameGuard({ maxFrameBytes, maxSkippedBytes });
  const parser = createParser({
    maxBufferSize: maxFrameBytes * 2,
    onEvent: ({ event, id, data }) => {
      if (event === "error") return sink.errorFrame();
      const bytes = Buffer.from(data, "latin1");
      sink.frame({ at: positionsOf(id), cursorText: id, data: bytes, bytes: bytes.length });
    },
  });
  const cut = (output: Extract<GuardOutput, { kind: "cut" }>): void => {
    parser.reset();
    const stub = readStub(output.head, output.bytes);
    sink.frame(stub);
    if (output.isEndless) sink.endless(stub.at);
  };
  return {
    end: () => {
      const rest = guard.end();
      if (rest?.kind === "cut") cut(rest);
    },
    push: (chunk) => {
      for (const output of guard.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) {
        if (output.kind === "pass") parser.feed(output.bytes.toString("latin1"));
        else cut(output);
      }
    },
  };
}

function positionsOf(id: string | undefined): Positions | undefined {
  return id === undefined ? undefined : parseEventId(id);
}

/** The id stands before the data, so it survives the cut. */
function readStub(head: Buffer, frameBytes: number): SourceFrame {
  const text = head.toString("latin1");
  const id = /(?:^|\n)id: ?([^\r\n]*)\r?\n/.exec(text)?.[1];
  const data = /(?:^|\n)data: ?/.exec(text);
  const start = data === null ? 0 : data.index + data[0].length;
  return { at: positionsOf(id), cursorText: id, data: head.subarray(start), bytes: frameBytes - start };
}
