/** Bytes of a cut frame that are kept for its dead letter, with room for the field names before the data. */
const keepBytes = 65_536 + 4_096;

const nothing = Buffer.alloc(0);

export type GuardOutput =
  | { readonly kind: "pass"; readonly bytes: Buffer }
  /** A frame above the limit has ended, or is given up (endless): its first bytes, and how many it had. */
  | { readonly kind: "cut"; readonly head: Buffer; readonly bytes: number; readonly isEndless: boolean };

type Limits = {
  /** Longer frames are cut. */
  readonly maxFrameBytes: number;
  /** A frame that has no end after so many bytes is given up: only a new connection gets past it. */
  readonly maxSkippedBytes: number;
};

/**
 * Stands before the parser and bounds what it can be made to hold: passes the bytes of frames of decent size on,
 * unchanged, and swallows the rest of a frame above the limit. Frames end with an empty line (LF or CRLF).
 */
export class FrameGuard {
  readonly #limits: Limits;
  #openBytes = 0;
  #head: Buffer[] = [];
  #headBytes = 0;
  #carry: Buffer = nothing;
  #isSkipping = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  push(chunk: Buffer): readonly GuardOutput[] {
    const joined = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    const shift = joined.length - chunk.length;
    this.#carry = Buffer.from(joined.subarray(Math.max(0, joined.length - 2)));
    if (!this.#isSkipping && this.#openBytes + chunk.length <= this.#limits.maxFrameBytes) {
      this.#takeAll(chunk, lastFrameEnd(joined) - shift);
      return [{ kind: "pass", bytes: chunk }];
    }
    return this.#takeFrames(chunk, joined, shift);
  }

  /** The stream is over: what is left of a frame above the limit, which will not end any more. */
  end(): GuardOutput | undefined {
    return this.#isSkipping ? this.#cut(true) : undefined;
  }

  #takeAll(chunk: Buffer, end: number): void {
    if (end > 0) this.#startFrame();
    this.#note(end > 0 ? chunk.subarray(end) : chunk);
  }

  #takeFrames(chunk: Buffer, joined: Buffer, shift: number): readonly GuardOutput[] {
    const outputs: GuardOutput[] = [];
    for (let at = 0; at < chunk.length; ) {
      const end = endAfter(joined, at === 0 ? 0 : at + shift, shift) - shift;
      const part = end > 0 ? chunk.subarray(at, end) : chunk.subarray(at);
      this.#note(part);
      const isOver = this.#openBytes > this.#limits.maxFrameBytes;
      if (!isOver) outputs.push({ kind: "pass", bytes: part });
      const isEndless = end <= 0 && this.#openBytes > this.#limits.maxSkippedBytes;
      if (isOver && (end > 0 || isEndless)) outputs.push(this.#cut(isEndless));
      this.#isSkipping = isOver && end <= 0;
      if (end > 0) this.#startFrame();
      at += part.length;
    }
    return outputs;
  }

  #note(part: Buffer): void {
    this.#openBytes += part.length;
    const room = keepBytes - this.#headBytes;
    if (room <= 0 || part.length === 0) return;
    // A copy: the chunk is the socket's and may be large.
    const kept = Buffer.from(part.subarray(0, room));
    this.#head.push(kept);
    this.#headBytes += kept.length;
  }

  #cut(isEndless: boolean): GuardOutput {
    return { kind: "cut", head: Buffer.concat(this.#head), bytes: this.#openBytes, isEndless };
  }

  #startFrame(): void {
    this.#openBytes = 0;
    this.#head = [];
    this.#headBytes = 0;
  }
}

/**
 * As nextFrameEnd, but behind the bytes that were carried over: a chunk that ended with an empty line has had that end. Taken
 * for none it made a frame of all that followed, and three good events were lost with it.
 */
function endAfter(bytes: Buffer, from: number, carried: number): number {
  const end = nextFrameEnd(bytes, from);
  return end > 0 && end <= carried ? nextFrameEnd(bytes, end - 1) : end;
}

/** Index after the next empty line at or after `from`, or -1. */
function nextFrameEnd(bytes: Buffer, from: number): number {
  const plain = bytes.indexOf("\n\n", from, "latin1");
  const withReturn = bytes.indexOf("\n\r\n", from, "latin1");
  if (withReturn !== -1 && (plain === -1 || withReturn < plain)) return withReturn + 3;
  return plain === -1 ? -1 : plain + 2;
}

function lastFrameEnd(bytes: Buffer): number {
  const plain = bytes.lastIndexOf("\n\n", undefined, "latin1");
  const withReturn = bytes.lastIndexOf("\n\r\n", undefined, "latin1");
  return Math.max(plain === -1 ? -1 : plain + 2, withReturn === -1 ? -1 : withReturn + 3);
}
