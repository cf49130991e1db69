import { maxFrameBytes } from "./frame-reader.ts";

/** Bytes of a cut line that are kept for its dead letter. */
const keepBytes = 65_536;
const newline = 10;
const carriageReturn = 13;

export type FileLine = {
  /** From 1. */
  readonly number: number;
  /** The line without its end, or its first bytes when it is longer than we take. */
  readonly data: Buffer;
  /** Bytes that the line has. */
  readonly bytes: number;
};

/** Cuts a byte stream into lines (LF or CRLF) in bounded memory, wherever the chunks are cut. Empty lines only count. */
export class LineSplitter {
  #number = 0;
  #parts: Buffer[] = [];
  #held = 0;
  #bytes = 0;

  push(chunk: Buffer): readonly FileLine[] {
    const lines: FileLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end));
      this.#finish(lines);
      start = end + 1;
    }
    // A copy: the stream may use its buffer again.
    this.#hold(Buffer.from(chunk.subarray(start)));
    return lines;
  }

  /** The last line when nothing ends it. */
  end(): readonly FileLine[] {
    const lines: FileLine[] = [];
    if (this.#bytes > 0) this.#finish(lines);
    return lines;
  }

  #hold(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes <= maxFrameBytes) {
      this.#parts.push(part);
      this.#held += part.length;
    } else if (this.#held < keepBytes) {
      this.#parts.push(part.subarray(0, keepBytes - this.#held));
      this.#held = keepBytes;
    }
  }

  #finish(lines: FileLine[]): void {
    this.#number += 1;
    const whole =
      this.#parts.length === 1 && this.#parts[0] !== undefined ? this.#parts[0] : Buffer.concat(this.#parts);
    const isCut = this.#bytes > this.#held;
    const hasReturn = !isCut && whole[whole.length - 1] === carriageReturn;
    const data = isCut ? whole.subarray(0, keepBytes) : hasReturn ? whole.subarray(0, -1) : whole;
    const bytes = hasReturn ? this.#bytes - 1 : this.#bytes;
    if (bytes > 0) lines.push({ number: this.#number, data, bytes });
    this.#parts = [];
    this.#held = 0;
    this.#bytes = 0;
  }
}
