/** An event as the feed sends it, as far as the live layer looks at it. */
export type Edit = {
  readonly meta: { readonly id: string; readonly dt: string; readonly domain: string };
  readonly wiki: string;
  readonly type: string;
  readonly bot: boolean;
  readonly namespace?: number;
  readonly title?: string;
  readonly user?: string;
  readonly comment?: string;
  readonly minor?: boolean;
  readonly server_name?: string;
  readonly length?: { readonly old?: number; readonly new?: number };
  readonly revision?: { readonly old?: number; readonly new?: number };
};

/** Repeatable numbers in [0, 1) (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sites = [
  ["de.wikipedia.org", "dewiki"],
  ["pt.wikipedia.org", "ptwiki"],
  ["www.wikidata.org", "wikidatawiki"],
  ["commons.wikimedia.org", "commonswiki"],
  ["quality.wikimedia.org", "qualitywiki"],
  ["xx.wiktionary.org", "xxwiktionary"],
] as const;
/** Names in every form that the classification knows; the 6th and 7th are one user, and so are the last two. */
const users = [
  "Alice",
  "Example Bot",
  "~2026-12345-67",
  "192.0.2.7",
  "2001:db8::7",
  "Jose\u0301 O'Hara",
  "Jos\u00e9_O'Hara",
  "999.0.2.7",
  "2001:DB8::7",
] as const;
const comments = ["", "fix; DROP TABLE x; --", "visit our ONLINE\u00a0CASINO now", "bit.ly/abcd", "hahahahaha"];
const types = ["edit", "edit", "edit", "new", "log", "categorize", "external"];

/** Events of a span, of every kind. Ids begin with `name`. */
export function makeEdits(name: string, seed: number, count: number, fromMs: number, toMs: number): Edit[] {
  const random = numbers(seed);
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  return Array.from({ length: count }, (_, index) => {
    const [domain, wiki] = pick(sites) ?? sites[0];
    const type = pick(types) ?? "edit";
    const old = type === "new" ? {} : { old: Math.floor(random() * 3000) };
    const length = { ...old, new: Math.floor(random() * 3000) };
    const isEdit = type === "edit" || type === "new";
    const user = random() < 0.95 ? { user: pick(users) ?? "Alice" } : {};
    return {
      meta: {
        id: `${name}-${index}`,
        dt: new Date(fromMs + Math.floor(random() * (toMs - fromMs))).toISOString(),
        domain,
      },
      wiki,
      type,
      bot: random() < 0.3,
      ...(random() < 0.97 ? { namespace: pick([0, 0, 0, 1, 3, 4, 14]) ?? 0 } : {}),
      title: `Page ${Math.floor(random() * 20)}`,
      comment: pick(comments) ?? "",
      ...user,
      ...(random() < 0.9 ? { server_name: domain } : {}),
      ...(isEdit ? { length, revision: { old: index, new: index + 1 }, minor: random() < 0.4 } : {}),
    };
  });
}
