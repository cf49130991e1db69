/**
 * Deepest nesting that we take. Real events have 4 levels; `JSON.stringify`, Spark and Trino fail or disagree from
 * some thousands on, and none of them at 64.
 */
export const maxDepth = 64;

const quote = 34;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

/**
 * True when objects and arrays nest deeper than `limit`. Looks at the text only, before any parser does, and stops at
 * the first level too many: a text of a million brackets costs as much as one of 65.
 */
export function isTooDeep(text: string, limit: number = maxDepth): boolean {
  if (!hasMoreOpeners(text, limit)) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) index = closingQuote(text, index);
    else if (code === openBracket || code === openBrace) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === closeBracket || code === closeBrace) depth -= 1;
  }
  return false;
}

/** The quick way out for nearly all events: no more opening brackets than levels allowed, also counting those in strings. */
function hasMoreOpeners(text: string, limit: number): boolean {
  let count = 0;
  for (const opener of ["{", "["]) {
    for (let at = text.indexOf(opener); at !== -1; at = text.indexOf(opener, at + 1)) {
      count += 1;
      if (count > limit) return true;
    }
  }
  return false;
}

/** Index of the quote that ends the string that starts at `start`; the end of the text when none does. */
function closingQuote(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Each escape of a JSON text in order, so that `\\ud800` (a backslash, then letters) is not taken for one. */
const escapes = /\\(?:u([0-9a-fA-F]{4})|.)/g;
const surrogateEscape = /\\u[dD][89a-fA-F]/;

/**
 * True when a `\uD800`–`\uDFFF` escape stands without its other half. Such text survives JSON.parse, becomes U+FFFD
 * when encoded again, and is read differently by each engine. Raw lone surrogates cannot occur in valid UTF-8.
 */
export function hasLoneSurrogate(text: string): boolean {
  if (!surrogateEscape.test(text)) return false;
  let openHighEnd = -1;
  for (const match of text.matchAll(escapes)) {
    const code = match[1] === undefined ? 0 : Number.parseInt(match[1], 16);
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    if (openHighEnd !== -1 && !(isLow && match.index === openHighEnd)) return true;
    if (isLow && openHighEnd === -1) return true;
    openHighEnd = code >= 0xd800 && code <= 0xdbff ? match.index + match[0].length : -1;
  }
  return openHighEnd !== -1;
}
