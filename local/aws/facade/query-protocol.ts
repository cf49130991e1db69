import { AwsError, type AwsResponse } from "../service.ts";
import { escapeXml, toXml } from "../xml.ts";
import type { Answer, Call, ParsedCall, Protocol } from "./protocol.ts";

/** The query protocol (SNS, STS): a form with an Action in, XML out. */
export const queryProtocol = (service: string): Protocol => ({
  parse: (call) => parseForm(call),
  success: ({ status = 200, body }: AwsResponse, operation, requestId): Answer => {
    const metadata = toXml("ResponseMetadata", { RequestId: requestId });
    // An operation without output has no result element.
    const result = body === undefined ? "" : toXml(`${operation}Result`, body);
    return xml(
      status,
      requestId,
      `<${operation}Response xmlns="${namespaceOf(service)}">${result}${metadata}</${operation}Response>`,
    );
  },
  failure: ({ code, message, status }, requestId): Answer => {
    const error = toXml("Error", {
      Type: status >= 500 ? "Receiver" : "Sender",
      Code: queryCode(code),
      Message: message,
    });
    const id = `<RequestId>${escapeXml(requestId)}</RequestId>`;
    return xml(status, requestId, `<ErrorResponse xmlns="${namespaceOf(service)}">${error}${id}</ErrorResponse>`);
  },
});

/** Deepest member of a form field; real requests have five. */
const maxDepth = 12;

function parseForm(call: Call): ParsedCall {
  const form = new URLSearchParams(call.body.toString("utf8"));
  const operation = form.get("Action");
  if (!operation || !/^[A-Za-z]{1,64}$/.test(operation))
    throw new AwsError("MissingAction", "The request names no Action");
  const root = new Node();
  for (const [name, value] of form) {
    if (name !== "Action" && name !== "Version") root.at(name.split(".").slice(0, maxDepth)).value = value;
  }
  // The root of a form is always a record of its members.
  return { operation, input: root.toValue() as Record<string, unknown> };
}

/** A form field `A.member.1.B` is a path; lists and maps are told by the word after their name. */
class Node {
  value: string | undefined;
  readonly children = new Map<string, Node>();

  at(path: readonly string[]): Node {
    const [head, ...rest] = path;
    if (head === undefined) return this;
    const child = this.children.get(head) ?? new Node();
    this.children.set(head, child);
    return child.at(rest);
  }

  toValue(): unknown {
    if (this.children.size === 0) return this.value ?? {};
    const list = this.children.get("member");
    if (list) return list.ordered().map((item) => item.toValue());
    const map = this.children.get("entry");
    if (map) return Object.fromEntries(map.ordered().map((entry) => entry.toEntry()));
    return Object.fromEntries([...this.children].map(([name, child]) => [name, child.toValue()]));
  }

  toEntry(): [string, unknown] {
    const key = this.children.get("key") ?? this.children.get("Name");
    const value = this.children.get("value") ?? this.children.get("Value");
    return [key?.value ?? "", value?.toValue() ?? ""];
  }

  ordered(): readonly Node[] {
    return [...this.children].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
  }
}

const namespaceOf = (service: string): string =>
  service === "sts" ? "https://sts.amazonaws.com/doc/2011-06-15/" : `http://${service}.amazonaws.com/doc/2010-03-31/`;

const xml = (status: number, requestId: string, body: string): Answer => ({
  status,
  headers: { "content-type": "text/xml", "x-amzn-requestid": requestId },
  body,
});

/** What the query services call the errors that JSON services name otherwise. */
const queryCodes: Readonly<Record<string, string>> = {
  UnknownOperationException: "InvalidAction",
  UnrecognizedClientException: "InvalidClientTokenId",
  MissingAuthenticationTokenException: "MissingAuthenticationToken",
  ValidationException: "ValidationError",
};
const queryCode = (code: string): string => queryCodes[code] ?? code;
