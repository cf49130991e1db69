import type { Random } from "./random.ts";

/** Who edits: the kinds that a consumer has to tell apart. */
export type Person = {
  readonly name: string;
  readonly kind: "registered" | "temporary" | "ip" | "bot" | "unflagged-bot";
};

const first = [
  "Amber",
  "Basalt",
  "Cedar",
  "Dune",
  "Ember",
  "Fjord",
  "Glade",
  "Harbor",
  "Isle",
  "Juniper",
  "Kelp",
  "Larch",
] as const;
const second = [
  "Finch",
  "Otter",
  "Heron",
  "Lynx",
  "Marten",
  "Newt",
  "Osprey",
  "Plover",
  "Quail",
  "Raven",
  "Stoat",
  "Tern",
] as const;
const robots = ["SimLinkBot", "SimDateBot", "SimCatBot", "SimStubBot", "SimRefBot", "SimGeoBot"] as const;

/** Anti-vandal bots that edit without the bot flag, as the real ones do: busiest "human" of every naive ranking. */
export const unflaggedBot: Person = { name: "SimGuard NG", kind: "unflagged-bot" };

export function registered(random: Random, population = 20_000): Person {
  const number = Math.floor(population ** random.next()); // few busy, many rare
  return { name: `${random.pick(first)} ${random.pick(second)} ${number}`, kind: "registered" };
}

/** Temporary accounts replaced addresses on nearly every wiki in 2025: `~YEAR-NNNNN-NN`. */
export function temporary(random: Random, year: number): Person {
  const digits = String(random.int(9_999_999)).padStart(7, "0");
  return { name: `~${year}-${digits.slice(0, 5)}-${digits.slice(5)}`, kind: "temporary" };
}

/** Documentation ranges only (RFC 5737, RFC 3849): no simulated address belongs to anybody. */
export function address(random: Random): Person {
  if (random.chance(0.5)) return { name: `203.0.113.${random.int(256)}`, kind: "ip" };
  const group = (): string => random.int(65_536).toString(16).toUpperCase();
  return { name: `2001:DB8:${group()}:${group()}:0:0:0:${group()}`, kind: "ip" };
}

export function robot(random: Random): Person {
  return { name: random.pick(robots), kind: "bot" };
}

/** Shares of two real days: 40 % flagged bots, 10 % unregistered (now temporary accounts), the rest registered. */
export function anyone(random: Random, year: number): Person {
  const draw = random.next();
  if (draw < 0.4) return robot(random);
  if (draw < 0.495) return temporary(random, year);
  if (draw < 0.5) return address(random);
  if (draw < 0.505) return unflaggedBot;
  return registered(random);
}
