import type { Random } from "./random.ts";

/** One simulated wiki and its share of the feed. */
export type Wiki = {
  readonly wiki: string;
  readonly domain: string;
  readonly share: number;
  /** Whether edits carry `patrolled` at all; on the English Wikipedia they do not. */
  readonly patrols: boolean;
  readonly undo: (revision: number, user: string) => string;
  readonly rollback: (user: string) => string;
};

const english = {
  undo: (revision: number, user: string) =>
    `Undid revision ${revision} by [[Special:Contributions/${user}|${user}]] ([[User talk:${user}|talk]])`,
  rollback: (user: string) =>
    `Reverted edits by [[Special:Contributions/${user}|${user}]] to last version by Sim Keeper`,
};

type Words = Pick<Wiki, "undo" | "rollback">;
const words: Readonly<Record<string, Words>> = {
  en: english,
  de: {
    undo: (revision, user) => `Änderung ${revision} von [[Special:Contribs/${user}|${user}]] rückgängig gemacht;`,
    rollback: (user) => `Änderungen von [[Special:Contributions/${user}|${user}]] auf die letzte Version zurückgesetzt`,
  },
  fr: {
    undo: (revision, user) => `Annulation de la modification ${revision} de [[Special:Contributions/${user}|${user}]]`,
    rollback: (user) => `Révocation des modifications de [[Special:Contributions/${user}|${user}]]`,
  },
  es: {
    undo: (revision, user) => `Deshecha la edición ${revision} de [[Special:Contributions/${user}|${user}]]`,
    rollback: (user) => `Revertidos los cambios de [[Special:Contributions/${user}|${user}]]`,
  },
  ru: {
    undo: (revision, user) => `отмена правки ${revision} участника [[Special:Contributions/${user}|${user}]]`,
    rollback: (user) => `откат правок [[Special:Contributions/${user}|${user}]]`,
  },
  ja: {
    undo: (revision, user) => `[[Special:Contributions/${user}|${user}]]による版${revision}を取り消し`,
    rollback: (user) => `[[Special:Contributions/${user}|${user}]]の編集を差し戻し`,
  },
  zh: {
    undo: (revision, user) => `撤销[[Special:Contributions/${user}|${user}]]的版本${revision}`,
    rollback: (user) => `回退[[Special:Contributions/${user}|${user}]]的编辑`,
  },
};

/**
 * Shares: a 500-event capture of 2026-09 gave commons 32 %, wikidata 14 %, enwiki 7 % and two bot bursts on small
 * wikis; the order of the Wikipedias follows two real days of 2015 and 2016.
 */
const shares: readonly (readonly [wiki: string, domain: string, share: number])[] = [
  ["commonswiki", "commons.wikimedia.org", 0.3],
  ["wikidatawiki", "www.wikidata.org", 0.19],
  ["enwiki", "en.wikipedia.org", 0.15],
  ["dewiki", "de.wikipedia.org", 0.045],
  ["frwiki", "fr.wikipedia.org", 0.042],
  ["ruwiki", "ru.wikipedia.org", 0.032],
  ["itwiki", "it.wikipedia.org", 0.03],
  ["eswiki", "es.wikipedia.org", 0.028],
  ["jawiki", "ja.wikipedia.org", 0.024],
  ["arwiki", "ar.wikipedia.org", 0.02],
  ["zhwiki", "zh.wikipedia.org", 0.02],
  ["ptwiki", "pt.wikipedia.org", 0.014],
  ["fawiki", "fa.wikipedia.org", 0.012],
  ["plwiki", "pl.wikipedia.org", 0.012],
  ["nlwiki", "nl.wikipedia.org", 0.011],
  ["hewiki", "he.wikipedia.org", 0.009],
  ["kowiki", "ko.wikipedia.org", 0.008],
  ["viwiki", "vi.wikipedia.org", 0.007],
  ["idwiki", "id.wikipedia.org", 0.007],
  ["thwiki", "th.wikipedia.org", 0.005],
  ["zh_min_nanwiki", "zh-min-nan.wikipedia.org", 0.004],
  ["simplewiki", "simple.wikipedia.org", 0.004],
  ["enwiktionary", "en.wiktionary.org", 0.012],
  ["arwiktionary", "ar.wiktionary.org", 0.006],
  ["metawiki", "meta.wikimedia.org", 0.005],
  ["mediawikiwiki", "www.mediawiki.org", 0.004],
];

export const wikis: readonly Wiki[] = shares.map(([wiki, domain, share]) => ({
  wiki,
  domain,
  share,
  patrols: wiki !== "enwiki",
  ...(words[domain.split(".")[0] ?? "en"] ?? english),
}));

const total = wikis.reduce((sum, { share }) => sum + share, 0);

/** A wiki drawn by its share. */
export function pickWiki(random: Random): Wiki {
  let rest = random.next() * total;
  for (const wiki of wikis) {
    rest -= wiki.share;
    if (rest < 0) return wiki;
  }
  return fallback;
}

const [fallback] = wikis as readonly [Wiki, ...Wiki[]]; // the table above is not empty

/** Wikipedias only: the wikis on which episodes of vandalism are played. */
export const wikipedias: readonly Wiki[] = wikis.filter(({ domain }) => domain.endsWith(".wikipedia.org"));
