import { lengthOf, revisionAt } from "./ordinary-changes.ts";
import { address, type Person, registered, temporary, unflaggedBot } from "./people.ts";
import { type Random, randomOf } from "./random.ts";
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

/** All changes of the story that begins in a second: vandalism, an edit war, or a person undoing themselves. */
export function episode(seed: string, second: number, ordinal: number): readonly PlannedChange[] {
  const random = randomOf(seed, "episode", second, ordinal);
  const draw = random.next();
  const story = startStory(random, second, ordinal);
  if (draw < 0.8) vandalism(random, story);
  else if (draw < 0.9) editWar(random, story);
  else selfRevert(random, story);
  return story.changes;
}

type Page = { readonly title: string; length: number; revision: number };
type Story = {
  readonly wiki: Wiki;
  readonly changes: PlannedChange[];
  readonly endMs: number;
  clockMs: number;
  readonly sequence: number;
};

function startStory(random: Random, second: number, ordinal: number): Story {
  const [fallback] = wikipedias as readonly [Wiki, ...Wiki[]]; // the wiki table is not empty
  const wiki = wikipedias[Math.floor(wikipedias.length * random.next() ** 2)] ?? fallback;
  const startMs = second * 1000 + random.int(1000);
  return {
    wiki,
    changes: [],
    clockMs: startMs,
    endMs: (second + longestEpisodeSeconds - 1) * 1000,
    sequence: firstSequence + ordinal * 64,
  };
}

function wait(story: Story, random: Random, fromSeconds: number, toSeconds: number): void {
  story.clockMs += Math.round((fromSeconds + random.next() * (toSeconds - fromSeconds)) * 1000);
}

function add(story: Story, label: Label, change: Omit<Change, "wiki">): void {
  if (story.clockMs >= story.endMs) return;
  const sequence = story.sequence + story.changes.length;
  story.changes.push({ timestampMs: story.clockMs, sequence, label, change: { wiki: story.wiki, ...change } });
}

const moment = (story: Story) => ({ timestampMs: story.clockMs, sequence: story.sequence + story.changes.length });

function openPage(random: Random, story: Story): Page {
  const title = `Sample page ${Math.floor(60_000 ** random.next())}`;
  return {
    title,
    length: lengthOf(story.wiki.wiki, title),
    revision: revisionAt(moment(story)) - 16_384 * (1 + random.int(100_000)),
  };
}

function editPage(story: Story, label: Label, page: Page, by: Person, newLength: number, comment: string): void {
  const revision = revisionAt(moment(story));
  const fields = {
    id: 3_400_000_000 + (revision % 1_000_000_000),
    notify_url: `https://${story.wiki.domain}/w/index.php?diff=${revision}&oldid=${page.revision}`,
    minor: false,
    ...(story.wiki.patrols ? { patrolled: by.kind === "unflagged-bot" } : {}),
    length: { old: page.length, new: newLength },
    revision: { old: page.revision, new: revision },
  };
  add(story, label, { type: "edit", namespace: 0, title: page.title, comment, user: by.name, bot: false, fields });
  page.length = newLength;
  page.revision = revision;
}

/** Two thirds of reverted editors are unregistered on real articles, against a fifth of all human edits. */
function vandal(random: Random, story: Story): Person {
  const draw = random.next();
  if (draw < 0.64) return temporary(random, new Date(story.clockMs).getUTCFullYear());
  if (draw < 0.68) return address(random);
  return { ...registered(random), name: `${registered(random).name} ${random.int(99_999)}` };
}

/** One to three pages, one to three edits each; most are reverted within minutes, a tenth never. */
function vandalism(random: Random, story: Story): void {
  const by = vandal(random, story);
  if (by.kind === "registered" && random.chance(0.5)) newAccount(random, story, by);
  const pages = 1 + random.int(3);
  for (let index = 0; index < pages; index += 1) {
    const page = openPage(random, story);
    const before = { length: page.length };
    if (random.chance(0.2)) filterHit(random, story, page, by);
    const edits = 1 + random.int(3);
    for (let edit = 0; edit < edits; edit += 1) {
      damage(random, story, page, by);
      wait(story, random, 8, 60);
    }
    if (random.chance(0.9)) revert(random, story, page, by, before.length);
  }
}

/** A fifth blank the page, a quarter remove much of it, the rest insert a few words. */
function damagedLength(random: Random, length: number, draw: number): number {
  if (draw < 0.2) return random.int(40);
  if (draw < 0.45) return Math.floor(length * (0.1 + 0.5 * random.next()));
  return length + 3 + Math.floor(random.logNormal(25, 1.2));
}

function damage(random: Random, story: Story, page: Page, by: Person): void {
  const draw = random.next();
  const comment = random.chance(0.7)
    ? random.chance(0.5)
      ? ""
      : "/* History */"
    : random.pick(["fixed", "lol", "truth", "asdf"]);
  editPage(story, "vandalism", page, by, damagedLength(random, page.length, draw), comment);
}

function revert(random: Random, story: Story, page: Page, vandalPerson: Person, length: number): void {
  const draw = random.next();
  const lastRevision = page.revision;
  if (draw < 0.4) {
    wait(story, random, 2, 20);
    editPage(
      story,
      "revert",
      page,
      unflaggedBot,
      length,
      `Reverting possible vandalism by [[Special:Contribs/${vandalPerson.name}|${vandalPerson.name}]]`,
    );
    warn(story, unflaggedBot, vandalPerson, page);
    return;
  }
  const patroller = registered(random, 400);
  wait(story, random, 15, 240);
  const comment =
    draw < 0.75 ? story.wiki.rollback(vandalPerson.name) : story.wiki.undo(lastRevision, vandalPerson.name);
  editPage(story, "revert", page, patroller, length, comment);
  if (random.chance(0.5)) warn(story, patroller, vandalPerson, page);
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
  add(story, "warning", {
    type: "edit",
    namespace: 3,
    title,
    comment: `General note: Nonconstructive editing on [[${page.title}]]`,
    user: by.name,
    bot: false,
    fields,
  });
}

function filterHit(random: Random, story: Story, page: Page, by: Person): void {
  const actions = random.pick(["tag", "warn", "disallow"]);
  const params = { action: "edit", filter: String(1 + random.int(1300)), actions, log: random.int(5e7) };
  const fields = {
    log_id: 0,
    log_type: "abusefilter",
    log_action: "hit",
    log_params: params,
    log_action_comment: "filter hit",
  };
  add(story, "filter-hit", {
    type: "log",
    namespace: 0,
    title: page.title,
    comment: "",
    user: by.name,
    bot: false,
    fields,
  });
  wait(story, random, 3, 25);
}

function newAccount(random: Random, story: Story, by: Person): void {
  const log = {
    log_id: random.int(2e8),
    log_type: "newusers",
    log_action: "create",
    log_params: { userid: random.int(5e7) },
  };
  const fields = { id: 3_400_000_000 + random.int(1e9), ...log, log_action_comment: "New user account" };
  add(story, "new-account", {
    type: "log",
    namespace: 2,
    title: `User:${by.name}`,
    comment: "",
    user: by.name,
    bot: false,
    fields,
  });
  wait(story, random, 20, 120);
}

/** Two people revert each other on one page: many reverts, no vandal. */
function editWar(random: Random, story: Story): void {
  const [one, other] = [registered(random), registered(random)];
  const page = openPage(random, story);
  const [short, long] = [page.length, page.length + 120 + random.int(900)];
  editPage(story, "good-faith", page, one, long, "expanded");
  const rounds = 3 + random.int(3);
  for (let round = 0; round < rounds; round += 1) {
    wait(story, random, 30, 140);
    const [by, against, length] = round % 2 === 0 ? [other, one, short] : [one, other, long];
    editPage(story, "edit-war", page, by, length, story.wiki.undo(page.revision, against.name));
  }
}

function selfRevert(random: Random, story: Story): void {
  const by = registered(random);
  const page = openPage(random, story);
  const before = page.length;
  editPage(story, "good-faith", page, by, before + 5 + random.int(300), "test");
  wait(story, random, 10, 90);
  editPage(story, "self-revert", page, by, before, story.wiki.undo(page.revision, by.name));
}
