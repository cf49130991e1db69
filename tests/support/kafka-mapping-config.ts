import { type KafkaMappingConfig, readMappingConfig } from "../../local/aws/event-source-mapping/mapping-config.ts";

/** What the template says of a Kafka mapping, with the properties that a test is about. */
export function kafkaMappingConfig(properties: Record<string, unknown> = {}): KafkaMappingConfig {
  const config = readMappingConfig({
    logicalId: "Mapping",
    type: "AWS::Lambda::EventSourceMapping",
    properties: {
      FunctionName: "arn:aws:lambda:eu-west-1:000000000000:function:writer",
      EventSourceArn: "arn:aws:kafka:eu-west-1:000000000000:cluster/c/1",
      Topics: ["t"],
      StartingPosition: "TRIM_HORIZON",
      ...properties,
    },
  });
  if (config.kind !== "kafka") throw new Error("not a Kafka mapping");
  return config;
}
