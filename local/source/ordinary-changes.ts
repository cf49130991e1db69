import { anyone, type Person } from "./people.ts";
import { hash32, type Random } from "./random.ts";
import type { Change } from "./sim-event.ts";
import { pickWiki, type Wiki } from "./wikis.ts";

/** Type mix of a 2026 capture: categorize 52, edit 42, new 3, log 3 %. */
const typeShares = { categorize: 0.52, edit: 0.42, new: 0.03 } as const;

/** Namespaces of edits on all wikis, two real days: articles four fifths. */
const namespaces: readonly (readonly [namespace: number, share: number])[] = [
  [0, 0.81],
  [2, 0.05],
  [3, 0.045],
  [4, 0.04],
  [1, 0.035],
  [10, 0.012],
  [118, 0.008],
];

/** Where and when a change is made: enough to number its revision. */
export type Moment = { readonly timestampMs: number; readonly sequence: number };

/** Revision numbers grow with time, differ within a second (up to 16,384 a second) and exceed 2^31, as Wikidata's do. */
export const revisionAt = ({ timestampMs, sequence }: Moment): number =>
  Math.floor(timestampMs / 1000) * 16_384 + (sequence % 16_384);

/** Length of an article before anyone of the day touched it: median 14 kB, fixed by its name. */
export function lengthOf(wiki: string, title: string): number {
  return 200 + Math.floor(14_000 * Math.exp(((hash32("length", wiki, title) % 2000) / 1000 - 1) * 1.5));
}

/** An everyday change: no story, only the right proportions. */
export function ordinaryChange(random: Random, moment: Moment): Change {
  const wiki = pickWiki(random);
  const person = anyone(random, new Date(moment.timestampMs).getUTCFullYear());
  const draw = random.next();
  if (draw < typeShares.categorize) return categorize(random, wiki, person, moment);
  if (draw < typeShares.categorize + typeShares.edit) return edit(random, wiki, person, moment);
  if (draw < typeShares.categorize + typeShares.edit + typeShares.new) return newPage(random, wiki, person, moment);
  return logEntry(random, wiki, person, moment);
}

/** Numbers of the recent-changes table, one per wiki; past 3.4e9 on commons. */
const rcId = (moment: Moment): number => 3_400_000_000 + (revisionAt(moment) % 1_000_000_000);

const pageTitle = (random: Random, namespace: number): string => {
  const number = Math.floor(60_000 ** random.next());
  const stem = `Sample page ${number}`;
  const prefix: Readonly<Record<number, string>> = {
    1: "Talk:",
    2: "User:",
    3: "User talk:",
    4: "Project:",
    10: "Template:",
    118: "Draft:",
  };
  return `${prefix[namespace] ?? ""}${stem}${number % 17 === 0 ? " – Ωλé 測試 𝔘" : ""}`;
};

function pickNamespace(random: Random): number {
  let rest = random.next();
  for (const [namespace, share] of namespaces) {
    rest -= share;
    if (rest < 0) return namespace;
  }
  return 0;
}

/** Quarter empty, quarter only the section (two thirds for the unregistered), else a sentence. */
function commentOf(random: Random, person: Person, wiki: Wiki): string {
  if (wiki.wiki === "wikidatawiki")
    return `/* wbsetclaim-create:2||1 */ [[Property:P${random.int(9000)}]]: [[Q${random.int(9_000_000)}]]`;
  if (person.kind === "bot") return `Bot: task ${random.int(40)}, run ${random.int(10_000)}`;
  const draw = random.next();
  if (draw < 0.24) return "";
  if (draw < (person.kind === "registered" ? 0.5 : 0.75)) return "/* History */";
  return random.pick([
    "copyedit",
    "added a source",
    'fixed link & "quotes" <ref>',
    "+ 1 sentence; tidy",
    "/* Career */ updated",
  ]);
}

/** Median change 21 bytes, 1 in 100 beyond five thousand; a quarter of the edits change no byte count. */
function deltaOf(random: Random): number {
  if (random.chance(0.2)) return 0;
  const size = Math.round(random.logNormal(40, 1.9));
  return random.chance(0.3) ? -size : size;
}

function edit(random: Random, wiki: Wiki, person: Person, moment: Moment): Change {
  const namespace = pickNamespace(random);
  const title = pageTitle(random, namespace);
  const old = lengthOf(wiki.wiki, title);
  const revision = revisionAt(moment);
  const fields = {
    id: rcId(moment),
    notify_url: `https://${wiki.domain}/w/index.php?diff=${revision}&oldid=${revision - 16_384 - random.int(1e9)}`,
    minor: random.chance(person.kind === "registered" ? 0.2 : 0.05),
    ...(wiki.patrols ? { patrolled: person.kind === "bot" || random.chance(0.6) } : {}),
    length: { old, new: Math.max(0, old + deltaOf(random)) },
    revision: { old: revision - 16_384 - random.int(1_000_000_000), new: revision },
  };
  // Redaction: for listed pages the server deletes the user.
  const user = random.chance(0.0005) ? undefined : person.name;
  return {
    wiki,
    type: "edit",
    namespace,
    title,
    comment: commentOf(random, person, wiki),
    user,
    bot: person.kind === "bot",
    fields,
  };
}

function newPage(random: Random, wiki: Wiki, person: Person, moment: Moment): Change {
  const revision = revisionAt(moment);
  const title = `Fresh page ${revision % 10_000_000}`;
  const size = Math.max(20, Math.round(random.logNormal(480, 1.4)));
  const fields = {
    id: rcId(moment),
    minor: false,
    patrolled: person.kind === "bot",
    length: { new: size },
    revision: { new: revision },
  };
  return { wiki, type: "new", namespace: 0, title, comment: "", user: person.name, bot: person.kind === "bot", fields };
}

function categorize(random: Random, wiki: Wiki, person: Person, moment: Moment): Change {
  const title = `Category:Sample category ${random.int(4000)}`;
  const comment = `[[:${pageTitle(random, 0)}]] added to category`;
  const fields = { id: rcId(moment), notify_url: `https://${wiki.domain}/w/index.php?diff=${revisionAt(moment)}` };
  return {
    wiki,
    type: "categorize",
    namespace: 14,
    title,
    comment,
    user: person.name,
    bot: person.kind === "bot",
    fields,
  };
}

/** Half filter hits, then new accounts and uploads; ids are absent where the real feed leaves them out. */
function logEntry(random: Random, wiki: Wiki, person: Person, moment: Moment): Change {
  const kind = random.pick(["abusefilter", "abusefilter", "newusers", "upload", "thanks", "delete"]);
  const shape: Readonly<Record<string, readonly [action: string, namespace: number, params: unknown]>> = {
    abusefilter: [
      "hit",
      0,
      {
        action: "edit",
        filter: random.chance(0.5) ? String(random.int(1300)) : random.int(1300),
        actions: "tag",
        log: random.int(5e7),
      },
    ],
    newusers: ["create", 2, { userid: random.int(5e7) }],
    upload: ["upload", 6, { img_sha1: "0".repeat(31), img_timestamp: "20260101000000" }],
    thanks: ["thank", 2, []],
    delete: ["delete", 0, []],
  };
  const [action, namespace, params] = shape[kind] ?? ["delete", 0, []];
  const hasId = kind !== "abusefilter" && kind !== "thanks";
  const fields = {
    ...(hasId ? { id: rcId(moment) } : {}),
    log_id: kind === "abusefilter" ? 0 : rcId(moment) % 200_000_000,
    log_type: kind,
    log_action: action,
    log_params: params,
    log_action_comment: `${kind} ${action}`,
  };
  const title = namespace === 2 ? `User:${person.name}` : pageTitle(random, namespace);
  return { wiki, type: "log", namespace, title, comment: "", user: person.name, bot: person.kind === "bot", fields };
}
