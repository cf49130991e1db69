/** Text as XML content. Characters that XML 1.0 cannot hold are replaced: a message may carry any of them. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(notXml, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;")
    .replaceAll("\r", "&#13;");
}

// Control characters other than tab and line ends, lone surrogates and the two non-characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const notXml = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

/**
 * A value as XML elements of the query protocol: arrays as `<member>`, Maps as `<entry><key/><value/></entry>`,
 * records as child elements, dates as ISO, undefined left out.
 */
export function toXml(name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => toXml("member", item)).join("");
  if (value instanceof Map) return [...value].map(([key, item]) => toXml("entry", { key, value: item })).join("");
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, item]) => toXml(key, item))
      .join("");
  }
  return escapeXml(String(value));
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text of XML content: the five named entities and numeric ones. */
export function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g, (all, hex, decimal, name) => {
    if (name) return entities[name] ?? all;
    const point = hex ? Number.parseInt(hex, 16) : Number.parseInt(decimal, 10);
    return point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}
