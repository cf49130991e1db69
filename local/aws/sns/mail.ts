/** A message as a file that a mail program opens. */
export type Mail = {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly date: Date;
  readonly messageId: string;
};

/** RFC 5322 text, UTF-8 as quoted-printable, CRLF line ends. Header values cannot add a header. */
export function formatMail({ from, to, subject, text, date, messageId }: Mail): string {
  const headers = [
    `From: ${address(from)}`,
    `To: ${address(to)}`,
    `Subject: ${encodeHeader(subject)}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${messageId.replaceAll(/[^A-Za-z0-9.@-]/g, "")}@sns.localhost>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable",
  ];
  return `${headers.join("\r\n")}\r\n\r\n${quotedPrintable(text)}\r\n`;
}

/** One plain address; anything else (a comma, a line end, a name part) is not written into a header. */
export function isMailAddress(text: string): boolean {
  return /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/.test(text);
}

function address(text: string): string {
  if (!isMailAddress(text)) throw new Error("Not a mail address");
  return text;
}

/** Bytes of text in one encoded word, so that with its frame it stays below the 75 characters of RFC 2047. */
const wordBytes = 42;

function encodeHeader(text: string): string {
  // Short printable ASCII stands as it is; `=?` would be read as an encoded word.
  if (/^[\x20-\x7e]{0,60}$/.test(text) && !text.includes("=?")) return text;
  const words: string[] = [];
  let word = "";
  for (const character of text) {
    if (Buffer.byteLength(word + character) > wordBytes) {
      words.push(word);
      word = "";
    }
    word += character;
  }
  return [...words, word].map((part) => `=?utf-8?B?${Buffer.from(part).toString("base64")}?=`).join("\r\n ");
}

/** RFC 2045 6.7: at most 76 characters a line. */
const lineLength = 76;

function quotedPrintable(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => softBreaks(encodeLine(line)))
    .join("\r\n");
}

function encodeLine(line: string): readonly string[] {
  const bytes = [...Buffer.from(line)];
  return bytes.map((byte, index) => {
    const blankAtEnd = (byte === 0x20 || byte === 0x09) && index === bytes.length - 1;
    const plain = (byte >= 0x20 && byte <= 0x7e && byte !== 0x3d) || byte === 0x09;
    return plain && !blankAtEnd ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

function softBreaks(tokens: readonly string[]): string {
  const lines: string[] = [];
  let line = "";
  for (const token of tokens) {
    if (line.length + token.length > lineLength - 1) {
      lines.push(`${line}=`);
      line = "";
    }
    line += token;
  }
  return [...lines, line].join("\r\n");
}
