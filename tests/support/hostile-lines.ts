/** Lines that break parsers, each with what must become of it. Users and titles are invented. */
export type HostileLine = {
  readonly name: string;
  readonly line: Buffer;
  readonly fate: "bronze" | "dead_letter";
  readonly reason?: string;
};

const event = (id: string, over: Record<string, unknown> = {}): Record<string, unknown> => ({
  $schema: "/mediawiki/recentchange/1.0.0",
  meta: {
    id,
    dt: "2026-09-17T03:42:33.778Z",
    domain: "en.wikipedia.org",
    stream: "mediawiki.recentchange",
    topic: "eqiad.mediawiki.recentchange",
    partition: 0,
    offset: 6_524_210_942,
  },
  id: 3_468_178_587,
  type: "edit",
  namespace: 0,
  title: "Sample",
  comment: "plain",
  timestamp: 1_789_616_553,
  user: "Amber Finch 1",
  bot: false,
  minor: false,
  length: { old: 100, new: 120 },
  revision: { old: 1, new: 2 },
  server_name: "en.wikipedia.org",
  wiki: "enwiki",
  ...over,
});
const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const nested = (depth: number): Buffer => Buffer.from(`${"[".repeat(depth)}${"]".repeat(depth)}`);

/** The list; 8 MB and a depth of 1,000,000 among it. */
export const hostileLines: readonly HostileLine[] = [
  { name: "truncated JSON", line: Buffer.from('{"meta":{"id":"x","dt":'), fate: "dead_letter", reason: "invalid_json" },
  { name: "an array", line: Buffer.from("[1,2,3]"), fate: "dead_letter", reason: "not_an_object" },
  { name: "no meta", line: text({ title: "x" }), fate: "dead_letter", reason: "missing_meta" },
  {
    name: "no meta.id",
    line: text(event("", { meta: { dt: "2026-09-17T03:42:33Z" } })),
    fate: "dead_letter",
    reason: "missing_event_id",
  },
  {
    name: "a time that is none",
    line: text(event(id(1), { meta: { id: id(1), dt: "yesterday" } })),
    fate: "dead_letter",
    reason: "invalid_dt",
  },
  {
    name: "a title of the wrong type",
    line: text(event(id(2), { title: 12 })),
    fate: "dead_letter",
    reason: "type_mismatch",
  },
  {
    name: "a namespace of the wrong type",
    line: text(event(id(3), { namespace: "abc" })),
    fate: "dead_letter",
    reason: "type_mismatch",
  },
  { name: "a depth of a million", line: nested(1_000_000), fate: "dead_letter", reason: "too_deep" },
  {
    name: "a depth of 65 inside an event",
    line: Buffer.from(JSON.stringify(event(id(4))).replace(/}$/, `,"log_params":${nested(65).toString()}}`)),
    fate: "dead_letter",
    reason: "too_deep",
  },
  {
    name: "a line of 8 MB",
    line: text(event(id(5), { comment: "x".repeat(8 * 1024 * 1024) })),
    fate: "dead_letter",
    reason: "oversize",
  },
  {
    name: "a lone surrogate",
    line: Buffer.from(JSON.stringify(event(id(6))).replace("Sample", "\\ud800")),
    fate: "dead_letter",
    reason: "invalid_utf8",
  },
  {
    name: "bytes that are no UTF-8",
    line: Buffer.concat([Buffer.from('{"meta":{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')]),
    fate: "dead_letter",
    reason: "invalid_utf8",
  },
  { name: "a NUL in a title", line: text(event(id(7), { title: "a\u0000b" })), fate: "bronze" },
  {
    name: "a key named __proto__",
    line: Buffer.from(
      JSON.stringify(event(id(8))).replace(/}$/, ',"__proto__":{"bot":true},"constructor":{"prototype":1}}'),
    ),
    fate: "bronze",
  },
  {
    name: "an id above 2^53",
    line: Buffer.from(JSON.stringify(event(id(9))).replace("3468178587", "9007199254740993")),
    fate: "dead_letter",
    reason: "type_mismatch",
  },
  {
    name: "SQL in every text",
    line: text(
      event(id(10), {
        title: "'; DROP TABLE bronze.raw_events; --",
        user: "x' OR '1'='1",
        comment: '\\"; select 1; /* */ $(batch) ?',
      }),
    ),
    fate: "bronze",
  },
  {
    name: "HTML and a script",
    line: text(event(id(11), { title: "<script>alert(1)</script>", comment: "<img src=x onerror=alert(1)>" })),
    fate: "bronze",
  },
  {
    name: "bidi marks and zero widths",
    line: text(event(id(12), { title: "\u202Eevil\u202C\u200b\ufeff", user: "\u2066x\u2069" })),
    fate: "bronze",
  },
  {
    name: "four-byte letters and line separators",
    line: text(event(id(13), { title: "𝔘𝔫𝔦 👩‍👩‍👧 \u2028\u2029 ٢" })),
    fate: "bronze",
  },
  { name: "an unknown type", line: text(event(id(14), { type: "teleport" })), fate: "bronze" },
  { name: "no user, as for redacted pages", line: text({ ...event(id(15)), user: undefined }), fate: "bronze" },
];
