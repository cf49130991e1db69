import type { ResourceProvider } from "../resource.ts";
import { readMappingConfig } from "./mapping-config.ts";
import type { Mappings } from "./mappings.ts";

/** Realises AWS::Lambda::EventSourceMapping. As on AWS a mapping polls as soon as it exists. */
export function createEventSourceMappingProvider(mappings: Mappings): ResourceProvider {
  return {
    types: ["AWS::Lambda::EventSourceMapping"],
    create: async (resource) => {
      const config = readMappingConfig(resource);
      await mappings.create(config);
      return { ref: config.uuid, attributes: { Id: config.uuid, EventSourceMappingArn: config.arn } };
    },
  };
}
