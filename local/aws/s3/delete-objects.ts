import { escapeXml, unescapeXml } from "../xml.ts";
import { S3Error } from "./s3-error.ts";

/** One object of a DeleteObjects request. */
export type DeletedObject = { readonly key: string; readonly versionId?: string };

/** S3's limit of one request. */
const maxObjects = 1000;

/** Reads the request body. Throws S3Error MalformedXML. */
export function parseDelete(body: Buffer): { readonly objects: readonly DeletedObject[]; readonly quiet: boolean } {
  const text = body.toString("utf8");
  const objects = [...text.matchAll(/<Object>([\s\S]*?)<\/Object>/g)].map(([, content = ""]) => objectOf(content));
  if (objects.length === 0 || objects.length > maxObjects) throw malformed();
  return { objects, quiet: /<Quiet>\s*true\s*<\/Quiet>/.test(text) };
}

/** A request body for these objects only. */
export function deleteBody(objects: readonly DeletedObject[], quiet: boolean): Buffer {
  const items = objects.map(({ key, versionId }) => {
    const version = versionId === undefined ? "" : `<VersionId>${escapeXml(versionId)}</VersionId>`;
    return `<Object><Key>${escapeXml(key)}</Key>${version}</Object>`;
  });
  const head = '<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">';
  return Buffer.from(`${head}${items.join("")}<Quiet>${quiet}</Quiet></Delete>`);
}

/** Adds refused keys to an answer; an answer of its own when nothing was allowed. */
export function withRefusals(answer: string, refused: readonly DeletedObject[]): string {
  const errors = refused.map(
    ({ key }) => `<Error><Key>${escapeXml(key)}</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`,
  );
  const open = '<?xml version="1.0" encoding="UTF-8"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">';
  const base = answer.includes("</DeleteResult>") ? answer : `${open}</DeleteResult>`;
  return base.replace("</DeleteResult>", () => `${errors.join("")}</DeleteResult>`);
}

function objectOf(content: string): DeletedObject {
  const key = /<Key>([\s\S]*?)<\/Key>/.exec(content)?.[1];
  const versionId = /<VersionId>([\s\S]*?)<\/VersionId>/.exec(content)?.[1];
  if (key === undefined || key === "") throw malformed();
  return { key: unescapeXml(key), ...(versionId ? { versionId: unescapeXml(versionId) } : {}) };
}

const malformed = (): S3Error =>
  new S3Error(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
    400,
  );
