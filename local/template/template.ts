import { readFileSync } from "node:fs";
import { z } from "zod";
import { templateError } from "./template-error.ts";

const oneOrMany = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const scalar = z.union([z.string(), z.number(), z.boolean()]);

const parameterSchema = z.looseObject({
  Type: z.string(),
  Default: scalar.optional(),
  AllowedValues: z.array(scalar).optional(),
  AllowedPattern: z.string().optional(),
  MinValue: z.coerce.number().optional(),
  MaxValue: z.coerce.number().optional(),
});
const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: oneOrMany.default([]),
  Condition: z.string().optional(),
});
const outputSchema = z.looseObject({ Value: z.unknown(), Condition: z.string().optional() });
const templateSchema = z.looseObject({
  Parameters: z.record(z.string(), parameterSchema).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), outputSchema).default({}),
});

export type TemplateParameter = z.output<typeof parameterSchema>;
export type TemplateResource = z.output<typeof resourceSchema>;
/** A CloudFormation template as it was packaged: nothing decided, nothing resolved. Resources keep their order. */
export type Template = z.output<typeof templateSchema>;

/** Checks the shape of a template. Throws WikilakeError TEMPLATE_INVALID; `Fn::Transform` and macros are refused. */
export function parseTemplate(value: unknown): Template {
  const parsed = templateSchema.safeParse(value);
  if (!parsed.success) throw templateError("TEMPLATE_INVALID", `not a template: ${z.prettifyError(parsed.error)}`);
  if ("Transform" in parsed.data) {
    throw templateError(
      "TEMPLATE_REFUSED",
      "the template names a Transform: AWS would rewrite it, this machine cannot",
    );
  }
  return parsed.data;
}

/** Reads the packaged template (JSON). Throws WikilakeError TEMPLATE_INVALID with the file's name. */
export function loadTemplate(file: string): Template {
  try {
    return parseTemplate(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw templateError("TEMPLATE_INVALID", `${file} is not JSON`, cause);
    throw cause;
  }
}
