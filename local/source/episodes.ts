import { archiving, clearing, editWar, gnome, helpfulVisitor, newcomer, selfRevert } from "./good-faith.ts";
import { type Random, randomOf } from "./random.ts";
import { type PlannedChange, type Story, startStory } from "./story.ts";
import { crossWikiSpam, hitAndRun, nonsensePage, quietFalsehood, spree } from "./vandalism.ts";

type Tale = (random: Random, story: Story) => void;

/**
 * How often each story is told. Chosen so that 3 % of all edits look like reverts, as on two real days, and so that two
 * thirds of what is reverted is vandalism; the shares within are a guess.
 */
const tales: readonly (readonly [tale: Tale, share: number])[] = [
  [hitAndRun, 0.4],
  [spree, 0.08],
  [crossWikiSpam, 0.03],
  [nonsensePage, 0.05],
  [quietFalsehood, 0.05],
  [editWar, 0.07],
  [selfRevert, 0.07],
  [helpfulVisitor, 0.1],
  [newcomer, 0.05],
  [clearing, 0.05],
  [archiving, 0.02],
  [gnome, 0.03],
];

/** All changes of the story that begins in a second, with what each of them is. */
export function episode(seed: string, second: number, ordinal: number): readonly PlannedChange[] {
  const random = randomOf(seed, "episode", second, ordinal);
  const draw = random.next();
  const story = startStory(random, second, ordinal);
  let rest = draw;
  for (const [tale, share] of tales) {
    rest -= share;
    if (rest >= 0) continue;
    tale(random, story);
    break;
  }
  return story.changes;
}
