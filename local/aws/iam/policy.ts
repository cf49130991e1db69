import { z } from "zod";

const oneOrMany = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]));
const statementSchema = z.looseObject({
  Effect: z.enum(["Allow", "Deny"]),
  Action: oneOrMany.optional(),
  NotAction: oneOrMany.optional(),
  Resource: oneOrMany.optional(),
  NotResource: oneOrMany.optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
const documentSchema = z.looseObject({
  Statement: z.union([statementSchema.transform((one) => [one]), z.array(statementSchema)]),
});

/** A policy as the template has it: what the simulation reads. Never changed in place, so that its identity is a cache key. */
export type PolicyDocument = Readonly<Record<string, unknown>>;
export type NamedPolicy = { readonly name: string; readonly document: PolicyDocument };
export type Statement = z.output<typeof statementSchema>;

/** A role of the packaged template with its intrinsic functions resolved. */
export type PackagedRole = {
  readonly logicalId: string;
  /** `arn:aws:iam::000000000000:role/<name>`. */
  readonly arn: string;
  readonly policies: readonly NamedPolicy[];
  /** AssumeRolePolicyDocument. */
  readonly trust: PolicyDocument;
};

/** Statements of a document in one form. Throws when it is no policy: the start must stop, not run without a check. */
export function statementsOf(document: PolicyDocument, owner: string): readonly Statement[] {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) throw new Error(`${owner}: not an IAM policy document: ${z.prettifyError(parsed.error)}`);
  return parsed.data.Statement;
}
