import { escapeXml } from "../xml.ts";

/** An answer other than success, in the shape of S3. */
export class S3Error extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** The XML document of an error. */
export function errorDocument({ code, message }: S3Error, resource: string, requestId: string): string {
  const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;
  const content =
    element("Code", code) +
    element("Message", message) +
    element("Resource", resource) +
    element("RequestId", requestId);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${content}</Error>`;
}
