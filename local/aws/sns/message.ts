import { AwsError } from "../service.ts";
import type { Subscription } from "./topics.ts";

export type MessageAttribute = {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
};
/** What is published, with the id and time that SNS gives it. */
export type Message = {
  readonly id: string;
  readonly topicArn: string;
  readonly time: Date;
  readonly subject: string | undefined;
  readonly text: string;
  /** With `json` the text holds one text a protocol. */
  readonly structure: string | undefined;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
};

/** SNS's limits. */
const maxMessageBytes = 262_144;
const maxSubjectChars = 100;

/** Throws AwsError InvalidParameter for what SNS refuses. */
export function checkMessage({ subject, text, structure }: Pick<Message, "subject" | "text" | "structure">): void {
  if (text === "") throw invalid("Empty message");
  if (Buffer.byteLength(text) > maxMessageBytes) throw invalid("Message too long");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what SNS refuses
  if (subject !== undefined && (subject.length > maxSubjectChars || /[\u0000-\u001F\u007F]/.test(subject)))
    throw invalid("Subject");
  if (structure !== undefined) parseStructure(text);
}

/** The text for one protocol. */
export function textFor({ text, structure }: Message, { protocol }: Subscription): string {
  if (structure === undefined) return text;
  const texts = parseStructure(text);
  return String(texts[protocol] ?? texts["default"]);
}

/** What HTTP endpoints and queues get unless raw delivery is set. Locally it is not signed. */
export function envelopeOf(message: Message, subscription: Subscription): Record<string, unknown> {
  const attributes = Object.entries(message.attributes).map(
    ([name, value]) => [name, { Type: value.DataType, Value: value.StringValue ?? value.BinaryValue }] as const,
  );
  return {
    Type: "Notification",
    MessageId: message.id,
    TopicArn: message.topicArn,
    ...(message.subject === undefined ? {} : { Subject: message.subject }),
    Message: textFor(message, subscription),
    Timestamp: message.time.toISOString(),
    SignatureVersion: "1",
    Signature: "",
    SigningCertURL: "",
    UnsubscribeURL: "",
    ...(attributes.length > 0 ? { MessageAttributes: Object.fromEntries(attributes) } : {}),
  };
}

/** Attributes as a filter policy sees them: text, number, or the elements of a String.Array. */
export function filterableAttributes(attributes: Message["attributes"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue = "" }]) => {
      if (DataType === "Number") return [name, Number(StringValue)];
      return [name, DataType === "String.Array" ? parseArray(StringValue) : StringValue];
    }),
  );
}

function parseArray(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseStructure(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    // Checked to be an object with the member that SNS insists on.
    if (typeof parsed === "object" && parsed !== null && "default" in parsed) return parsed as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  throw invalid("Message Structure - No default entry in JSON message body");
}

const invalid = (what: string): AwsError => new AwsError("InvalidParameter", `Invalid parameter: ${what}`);
