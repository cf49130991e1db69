import type { RealisedResource } from "../aws/resource.ts";
import type { Parameters } from "./parameters.ts";
import type { Template } from "./template.ts";

/** Everything that a value of the template may refer to. `realised` grows while the walk goes on. */
export type Scope = {
  readonly template: Template;
  readonly parameters: Parameters;
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly pseudo: Readonly<Record<string, unknown>>;
  readonly realised: Map<string, RealisedResource>;
};

/** Availability zones that regions have at least: the template picks the first two or three. */
const zones = ["a", "b", "c"];

export const availabilityZones = (region: string): string[] => zones.map((zone) => `${region}${zone}`);
