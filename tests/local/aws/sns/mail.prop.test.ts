import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { formatMail, isMailAddress } from "../../../../local/aws/sns/mail.ts";

const base = { from: "no-reply@sns.localhost", to: "ops@example.org", date: new Date(0), messageId: "m-1" };
const text = fc.string({ unit: "binary", maxLength: 400 }).filter((value) => value.isWellFormed());

/** What a mail program does, written apart from the code under test. */
function readMail(mail: string) {
  const [head = "", ...rest] = mail.split("\r\n\r\n");
  const headers = head
    .replaceAll(/\r\n[ \t]/g, " ")
    .split("\r\n")
    .map((line) => line.split(/: (.*)/s));
  const bytes = rest
    .join("\r\n\r\n")
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return {
    headers: new Map(headers.map(([name, value]) => [name, value ?? ""])),
    count: headers.length,
    body: Buffer.from(bytes, "latin1").toString("utf8"),
    lines: mail.split("\r\n"),
  };
}
const decodeSubject = (value: string): string => {
  const words = [...value.matchAll(/=\?utf-8\?B\?([^?]*)\?=/g)].map(([, data = ""]) =>
    Buffer.from(data, "base64").toString("utf8"),
  );
  return words.length > 0 ? words.join("") : value;
};

test("whatever subject and text hold, headers stay eight, lines stay short and both come back", () => {
  fc.assert(
    fc.property(text, text, (subject, body) => {
      const read = readMail(formatMail({ ...base, subject, text: body }));
      expect(read.count).toBe(8);
      expect(Math.max(...read.lines.map((line) => line.length))).toBeLessThanOrEqual(78);
      expect(decodeSubject(read.headers.get("Subject") ?? "")).toBe(subject);
      expect(read.body).toBe(`${body.replaceAll(/\r\n|\r|\n/g, "\r\n")}\r\n`);
    }),
  );
});

test.each(["a@b.c\r\nBcc: x@y.z", "a@b.c, d@e.f", "Name <a@b.c>", "a b@c.d", "@", ""])(
  "%j is not written as an address",
  (to) => {
    expect(isMailAddress(to)).toBe(false);
    expect(() => formatMail({ ...base, to, subject: "s", text: "t" })).toThrow("Not a mail address");
  },
);
