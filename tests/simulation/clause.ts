import type { Fault } from "./plan.ts";
import type { Scenario, Shape } from "./scenario.ts";
import type { Removal, RunOptions } from "./world.ts";

/** A clause of the protocol, and a kind of world in which a run without it goes wrong. */
export type Clause = {
  readonly name: string;
  readonly without: Removal;
  /** Faults of that world, with their chance a decision; nothing else goes wrong in it. */
  readonly rates: Readonly<Partial<Record<Fault, number>>>;
  readonly scenario?: Partial<Scenario>;
  readonly shape?: Shape;
  /** What is found without it. */
  readonly finds: RegExp;
};

export const lost = /is lost|has passed/;
export const doubled = /is there [2-9] times/;
export const absent = /acknowledged and is in no table/;
export const stuck = /not committed after/;

/** The world in which a clause shows what it is for. */
export function worldOf({ scenario, shape, rates }: Clause): Pick<RunOptions, "scenario" | "shape"> {
  return { scenario: { ...scenario, rates }, ...(shape === undefined ? {} : { shape }) };
}
