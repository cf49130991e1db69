import { type Person, registered, temporary } from "./people.ts";
import type { Random } from "./random.ts";
import { editPage, filterHit, newAccount, newPage, openPage, revert, type Story, wait } from "./story.ts";

/* What looks like damage and is none: a detector that only counts bytes or registrations is wrong here. */

/** Two people revert each other on one page: many reverts, no vandal. */
export function editWar(random: Random, story: Story): void {
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

export function selfRevert(random: Random, story: Story): void {
  const by = registered(random);
  const page = openPage(random, story);
  const before = page.length;
  editPage(story, "good-faith", page, by, before + 5 + random.int(300), "test");
  wait(story, random, 10, 90);
  editPage(story, "self-revert", page, by, before, story.wiki.undo(page.revision, by.name));
}

const aVisitor = (random: Random, story: Story): Person => temporary(random, new Date(story.clockMs).getUTCFullYear());

/** Somebody without an account writes several good edits, mostly without a word; now and then one is taken back. */
export function helpfulVisitor(random: Random, story: Story): void {
  const by = aVisitor(random, story);
  const page = openPage(random, story);
  const edits = 2 + random.int(6);
  for (let edit = 0; edit < edits; edit += 1) {
    const added = Math.floor(Math.min(4000, random.logNormal(20, 1.9)));
    const comment = random.pick(["", "/* History */", "/* Reception */", "/* References */", "fixed a typo"]);
    editPage(
      story,
      "good-faith",
      page,
      by,
      page.length + (random.chance(0.25) ? -Math.min(added, 300) : added),
      comment,
    );
    wait(story, random, 15, 90);
  }
  if (random.chance(0.08)) revert(random, story, page, by, page.length - 10, registered(random, 400));
}

/** A new account's first article, saved often, with a filter that only notes it. */
export function newcomer(random: Random, story: Story): void {
  const person = registered(random);
  const by = { ...person, name: `${person.name} ${random.int(99_999)}` };
  newAccount(random, story, by);
  const title = `First article ${random.int(1e9)}`;
  if (random.chance(0.3)) filterHit(random, story, title, by, "tag");
  const page = newPage(story, "good-faith", title, by, 300 + random.int(3000), random.chance(0.5) ? "" : "new article");
  const edits = 2 + random.int(5);
  for (let edit = 0; edit < edits; edit += 1) {
    wait(story, random, 30, 120);
    editPage(story, "good-faith", page, by, page.length + random.int(500) - 60, random.chance(0.6) ? "" : "more");
  }
}

/** Half a page moves to another, or an unsourced part goes: large removals with a reason. */
export function clearing(random: Random, story: Story): void {
  const by = random.chance(0.85) ? registered(random, 3000) : aVisitor(random, story);
  const page = openPage(random, story);
  const left = Math.floor(page.length * (0.2 + 0.4 * random.next()));
  const comment = random.pick(["unsourced since 2019", "split to its own article", "copyright problem, see talk"]);
  editPage(story, "good-faith", page, by, left, comment);
  wait(story, random, 20, 120);
  if (random.chance(0.5)) editPage(story, "good-faith", page, by, left + 60, "note about the split");
}

/** A talk page is emptied into its archive. */
export function archiving(random: Random, story: Story): void {
  const by = registered(random, 3000);
  const page = openPage(random, story, `Talk:Sample page ${random.int(60_000)}`);
  editPage(story, "good-faith", page, by, 60 + random.int(100), "archived older sections", { namespace: 1 });
}

/** One person corrects the same thing on page after page. */
export function gnome(random: Random, story: Story): void {
  const by = registered(random, 300);
  const edits = 12 + random.int(30);
  for (let edit = 0; edit < edits; edit += 1) {
    const page = openPage(random, story);
    editPage(story, "good-faith", page, by, page.length + random.int(12) - 4, "typo: recieve → receive", {
      minor: random.chance(0.9),
      patrolled: true,
    });
    wait(story, random, 4, 20);
  }
}
