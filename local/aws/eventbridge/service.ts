import { z } from "zod";
import { arn } from "../account.ts";
import { AwsError, type AwsService } from "../service.ts";
import type { EventBus } from "./event-bus.ts";

const entrySchema = z.looseObject({
  Source: z.string().default(""),
  DetailType: z.string().default(""),
  Detail: z.string().default(""),
  Resources: z.array(z.string()).optional(),
  Time: z.number().optional(),
  EventBusName: z.string().default("default"),
});
const putSchema = z.looseObject({ Entries: z.array(entrySchema).min(1).max(10) });
type Entry = z.output<typeof entrySchema>;

/** EventBridge's limit of one entry. */
const maxEntryBytes = 1024 * 1024;

/** PutEvents on the default bus. */
export function createEventBridgeService({ bus }: { readonly bus: EventBus }): AwsService {
  return {
    name: "eventbridge",
    protocol: "json-1.1",
    permissions: ({ operation, input }) => {
      if (operation !== "PutEvents") return [];
      return parse(input).map(({ Source, DetailType, EventBusName }) => ({
        action: "events:PutEvents",
        resource: EventBusName.startsWith("arn:") ? EventBusName : arn("events", `event-bus/${EventBusName}`),
        context: { "events:source": Source, "events:detail-type": DetailType },
      }));
    },
    handle: async ({ operation, input }) => {
      if (operation !== "PutEvents") throw new AwsError("UnknownOperationException", `${operation} is not known here`);
      const Entries = parse(input).map((entry) => publish(entry, bus));
      return { body: { Entries, FailedEntryCount: Entries.filter((one) => "ErrorCode" in one).length } };
    },
  };
}

function publish(entry: Entry, bus: EventBus): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
  const detail = parseDetail(entry.Detail);
  if (entry.Source === "" || entry.DetailType === "")
    return failed("InvalidArgument", "Source and DetailType are required.");
  if (entry.Source.startsWith("aws.")) return failed("NotAuthorizedForSource", "Not authorized for the source.");
  if (!detail) return failed("MalformedDetail", "Detail is malformed.");
  if (Buffer.byteLength(entry.Detail) > maxEntryBytes) return failed("InvalidArgument", "The entry is too large.");
  const { Resources, Time } = entry;
  const EventId = bus.publish({
    source: entry.Source,
    detailType: entry.DetailType,
    detail,
    ...(Resources ? { resources: Resources } : {}),
    ...(Time === undefined ? {} : { time: new Date(Time * 1000) }),
  });
  return { EventId };
}

const failed = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });

function parseDetail(text: string): Record<string, unknown> | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    // Checked to be a plain object.
    return typeof detail === "object" && detail !== null && !Array.isArray(detail)
      ? (detail as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function parse(input: unknown): readonly Entry[] {
  const parsed = putSchema.safeParse(input);
  if (parsed.success) return parsed.data.Entries;
  throw new AwsError("ValidationException", parsed.error.issues[0]?.message ?? "The request is not valid");
}
