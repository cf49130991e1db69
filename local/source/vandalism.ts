import { address, type Person, registered, temporary } from "./people.ts";
import type { Random } from "./random.ts";
import {
  aWikipedia,
  editPage,
  filterHit,
  newAccount,
  newPage,
  openPage,
  type Page,
  revert,
  type Story,
  wait,
} from "./story.ts";

/*
 * Damage as metadata shows it. Shares with a source: 68.2 % of editors reverted on real articles are unregistered
 * (867 reverts, against 20 % of all human article edits); a quarter of summaries are empty; two thirds of unregistered
 * and 30 % of registered summaries hold a section only; inserted bytes follow those of unregistered edits (median 8,
 * p75 74, p90 280, p95 593, p99 3,486). What nobody has measured from metadata is a guess, marked so.
 */

const unregisteredShare = 0.682;
/** Of the unregistered, addresses are what a few wikis still show. Guess. */
const addressShare = 0.06;
/** Guess: damage that nobody takes back while the story lasts. */
const unnoticedShare = 0.1;

/** A person who comes to do harm; a registered one has half the time just made the account (guess). */
function vandal(random: Random, story: Story): Person {
  if (random.chance(unregisteredShare)) {
    const year = new Date(story.clockMs).getUTCFullYear();
    return random.chance(addressShare) ? address(random) : temporary(random, year);
  }
  const person = registered(random);
  const by = { ...person, name: `${person.name} ${random.int(99_999)}` };
  if (random.chance(0.5)) newAccount(random, story, by);
  return by;
}

function summary(random: Random, by: Person): string {
  const draw = random.next();
  if (draw < 0.24) return "";
  if (draw < (by.kind === "registered" ? 0.5 : 0.75)) return "/* History */";
  return random.pick(["fixed", "lol", "truth", "asdf", "updated", "hahahaha this page", "removed wrong info"]);
}

/** Guess, after what reviewers see: a fifth blanks, a fifth removes much, the rest puts words in. */
function damagedLength(random: Random, length: number): number {
  const draw = random.next();
  if (draw < 0.18) return random.int(40);
  if (draw < 0.38) return Math.floor(length * (0.1 + 0.5 * random.next()));
  return length + 1 + Math.floor(Math.min(60_000, random.logNormal(8, 2.6)));
}

function damage(random: Random, story: Story, page: Page, by: Person): void {
  editPage(story, "vandalism", page, by, damagedLength(random, page.length), summary(random, by));
}

function takenBack(random: Random, story: Story, page: Page, by: Person, length: number): void {
  if (!random.chance(1 - unnoticedShare)) return;
  revert(random, story, page, by, length, registered(random, 400));
}

/** One page, one to three edits, gone again. */
export function hitAndRun(random: Random, story: Story): void {
  const by = vandal(random, story);
  const page = openPage(random, story);
  const before = page.length;
  if (random.chance(0.15)) filterHit(random, story, page.title, by, random.pick(["tag", "warn", "disallow"]));
  const edits = 1 + random.int(3);
  for (let edit = 0; edit < edits; edit += 1) {
    damage(random, story, page, by);
    wait(story, random, 8, 60);
  }
  takenBack(random, story, page, by, before);
}

/** Page after page until somebody stops it: the earlier ones are taken back while it goes on. */
export function spree(random: Random, story: Story): void {
  const by = vandal(random, story);
  const pages = 4 + random.int(5);
  for (let index = 0; index < pages; index += 1) {
    const page = openPage(random, story);
    const before = page.length;
    if (random.chance(0.1)) filterHit(random, story, page.title, by, random.pick(["warn", "throttle", "disallow"]));
    damage(random, story, page, by);
    wait(story, random, 5, 30);
    takenBack(random, story, page, by, before);
  }
}

/** The same link on one wiki after another. */
export function crossWikiSpam(random: Random, story: Story): void {
  const by = vandal(random, story);
  const wikis = 3 + random.int(3);
  for (let index = 0; index < wikis; index += 1) {
    story.wiki = aWikipedia(random);
    const page = openPage(random, story);
    const before = page.length;
    const comment = random.chance(0.4) ? "see bit.ly/3xSimul for more" : summary(random, by);
    editPage(story, "vandalism", page, by, before + 60 + random.int(200), comment);
    wait(story, random, 10, 50);
    takenBack(random, story, page, by, before);
  }
}

/** A page of a few words, emptied or left. */
export function nonsensePage(random: Random, story: Story): void {
  const by = vandal(random, story);
  const title = `Nonsense ${random.int(1e9)}`;
  const page = newPage(story, "vandalism", title, by, 8 + random.int(120), summary(random, by));
  wait(story, random, 10, 60);
  if (random.chance(0.5)) damage(random, story, page, by);
}

/** Hard to see: an old account, a fair summary, a small false change. */
export function quietFalsehood(random: Random, story: Story): void {
  const by = registered(random, 2000);
  const page = openPage(random, story);
  const before = page.length;
  const comment = random.pick(["updated figures", "fixed a date", "copyedit", "/* Career */ corrected"]);
  editPage(story, "vandalism", page, by, before + random.int(30) - 15, comment, { minor: random.chance(0.3) });
  wait(story, random, 60, 300);
  takenBack(random, story, page, by, before);
}
