import { lengthOf, revisionAt } from "./ordinary-changes.ts";
import { type Person, unflaggedBot } from "./people.ts";
import type { Random } from "./random.ts";
import type { Change } from "./sim-event.ts";
import { type Wiki, wikipedias } from "./wikis.ts";

/** What a planned change is, for judging detectors against it; never part of the event itself. */
export type Label =
  | "vandalism"
  | "revert"
  | "warning"
  | "filter-hit"
  | "new-account"
  | "edit-war"
  | "self-revert"
  | "good-faith";

export type PlannedChange = {
  readonly timestampMs: number;
  readonly sequence: number;
  readonly label: Label;
  readonly change: Change;
};

/** No story is longer: a second's events are found by looking at the stories begun in this window before it. */
export const longestEpisodeSeconds = 900;

/** Sequence numbers of planned changes start here, so that their revisions differ from the ordinary ones of the second. */
const firstSequence = 12_288;

/** Numbers of a story; the 16,384 of a second have room for `storiesPerSecond` of them. */
const changesPerStory = 48;
export const storiesPerSecond = Math.floor((16_384 - firstSequence) / changesPerStory);

export type Page = { readonly wiki: Wiki; readonly title: string; length: number; revision: number };
export type Story = {
  wiki: Wiki;
  readonly changes: PlannedChange[];
  readonly endMs: number;
  clockMs: number;
  readonly sequence: number;
};

export function startStory(random: Random, second: number, ordinal: number): Story {
  return {
    wiki: aWikipedia(random),
    changes: [],
    clockMs: second * 1000 + random.int(1000),
    endMs: (second + longestEpisodeSeconds - 1) * 1000,
    sequence: firstSequence + ordinal * changesPerStory,
  };
}

/** The busy ones more often, as on the real feed. */
export function aWikipedia(random: Random): Wiki {
  const [fallback] = wikipedias as readonly [Wiki, ...Wiki[]]; // the wiki table is not empty
  return wikipedias[Math.floor(wikipedias.length * random.next() ** 2)] ?? fallback;
}

export function wait(story: Story, random: Random, fromSeconds: number, toSeconds: number): void {
  story.clockMs += Math.round((fromSeconds + random.next() * (toSeconds - fromSeconds)) * 1000);
}

export function add(story: Story, label: Label, change: Omit<Change, "wiki">): void {
  if (story.clockMs >= story.endMs || story.changes.length >= changesPerStory) return;
  const sequence = story.sequence + story.changes.length;
  story.changes.push({ timestampMs: story.clockMs, sequence, label, change: { wiki: story.wiki, ...change } });
}

const moment = (story: Story) => ({ timestampMs: story.clockMs, sequence: story.sequence + story.changes.length });

export function openPage(
  random: Random,
  story: Story,
  title = `Sample page ${Math.floor(60_000 ** random.next())}`,
): Page {
  return {
    wiki: story.wiki,
    title,
    length: lengthOf(story.wiki.wiki, title),
    revision: revisionAt(moment(story)) - 16_384 * (1 + random.int(100_000)),
  };
}

type Extra = { readonly namespace?: number; readonly minor?: boolean; readonly patrolled?: boolean };

/** One edit that leaves the page `newLength` bytes long. `patrolled` stands only where the wiki patrols. */
export function editPage(
  story: Story,
  label: Label,
  page: Page,
  by: Person,
  newLength: number,
  comment: string,
  { namespace = 0, minor = false, patrolled = by.kind === "unflagged-bot" }: Extra = {},
): void {
  const revision = revisionAt(moment(story));
  const fields = {
    id: 3_400_000_000 + (revision % 1_000_000_000),
    notify_url: `https://${page.wiki.domain}/w/index.php?diff=${revision}&oldid=${page.revision}`,
    minor,
    ...(page.wiki.patrols ? { patrolled } : {}),
    length: { old: page.length, new: newLength },
    revision: { old: page.revision, new: revision },
  };
  add(story, label, { type: "edit", namespace, title: page.title, comment, user: by.name, bot: false, fields });
  page.length = newLength;
  page.revision = revision;
}

export function newPage(story: Story, label: Label, title: string, by: Person, length: number, comment: string): Page {
  const revision = revisionAt(moment(story));
  const fields = {
    id: 3_400_000_000 + (revision % 1_000_000_000),
    minor: false,
    ...(story.wiki.patrols ? { patrolled: false } : {}),
    length: { new: length },
    revision: { new: revision },
  };
  add(story, label, { type: "new", namespace: 0, title, comment, user: by.name, bot: false, fields });
  return { wiki: story.wiki, title, length, revision };
}

/** The page goes back to `length`: by the unflagged bot, or by a patroller's rollback or undo; half the authors are warned. */
export function revert(random: Random, story: Story, page: Page, of: Person, length: number, patroller: Person): void {
  const draw = random.next();
  if (draw < 0.4) {
    wait(story, random, 2, 20);
    const comment = `Reverting possible vandalism by [[Special:Contribs/${of.name}|${of.name}]]`;
    editPage(story, "revert", page, unflaggedBot, length, comment);
    warn(story, unflaggedBot, of, page);
    return;
  }
  wait(story, random, 15, 240);
  const comment = draw < 0.75 ? page.wiki.rollback(of.name) : page.wiki.undo(page.revision, of.name);
  editPage(story, "revert", page, patroller, length, comment);
  if (random.chance(0.5)) warn(story, patroller, of, page);
}

function warn(story: Story, by: Person, about: Person, page: Page): void {
  story.clockMs += 1500;
  const title = `User talk:${about.name}`;
  const revision = revisionAt(moment(story));
  const old = lengthOf(story.wiki.wiki, title) % 3000;
  const fields = {
    id: 3_400_000_000 + (revision % 1e9),
    minor: false,
    length: { old, new: old + 420 },
    revision: { old: revision - 81_920, new: revision },
  };
  const comment = `General note: Nonconstructive editing on [[${page.title}]]`;
  add(story, "warning", { type: "edit", namespace: 3, title, comment, user: by.name, bot: false, fields });
}

type LogEntry = { readonly type: string; readonly action: string; readonly params: unknown; readonly note: string };

function log(
  story: Story,
  label: Label,
  entry: LogEntry,
  title: string,
  namespace: number,
  by: Person,
  id?: number,
): void {
  const fields = {
    ...(id === undefined ? {} : { id }),
    log_id: id === undefined ? 0 : id % 200_000_000,
    log_type: entry.type,
    log_action: entry.action,
    log_params: entry.params,
    log_action_comment: entry.note,
  };
  add(story, label, { type: "log", namespace, title, comment: "", user: by.name, bot: false, fields });
}

export function filterHit(random: Random, story: Story, title: string, by: Person, actions: string): void {
  const params = { action: "edit", filter: String(1 + random.int(1300)), actions, log: random.int(5e7) };
  log(story, "filter-hit", { type: "abusefilter", action: "hit", params, note: "filter hit" }, title, 0, by);
  wait(story, random, 3, 25);
}

export function newAccount(random: Random, story: Story, by: Person): void {
  const entry = { type: "newusers", action: "create", params: { userid: random.int(5e7) }, note: "New user account" };
  log(story, "new-account", entry, `User:${by.name}`, 2, by, 3_400_000_000 + random.int(1e9));
  wait(story, random, 20, 120);
}
