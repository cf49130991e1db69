import type { Template, TemplateParameter } from "./template.ts";
import { templateError } from "./template-error.ts";

export type ParameterValue = string | number | readonly string[];
export type Parameters = Readonly<Record<string, ParameterValue>>;

function checkRange(name: string, value: number, { MinValue, MaxValue }: TemplateParameter): void {
  if (Number.isNaN(value)) throw templateError("TEMPLATE_PARAMETER", `parameter ${name} must be a number`);
  if (MinValue !== undefined && value < MinValue) {
    throw templateError("TEMPLATE_PARAMETER", `parameter ${name} is ${value}, its least value is ${MinValue}`);
  }
  if (MaxValue !== undefined && value > MaxValue) {
    throw templateError("TEMPLATE_PARAMETER", `parameter ${name} is ${value}, its largest value is ${MaxValue}`);
  }
}

function checkAllowed(name: string, value: string, parameter: TemplateParameter): void {
  const allowed = parameter.AllowedValues?.map(String);
  if (allowed !== undefined && !allowed.includes(value)) {
    throw templateError("TEMPLATE_PARAMETER", `parameter ${name} is "${value}", allowed are ${allowed.join(", ")}`);
  }
  if (parameter.AllowedPattern !== undefined && !new RegExp(`^(?:${parameter.AllowedPattern})$`).test(value)) {
    throw templateError("TEMPLATE_PARAMETER", `parameter ${name} does not match ${parameter.AllowedPattern}`);
  }
}

function parameterValue(name: string, parameter: TemplateParameter, given: string | undefined): ParameterValue {
  const text = given ?? parameter.Default?.toString();
  if (text === undefined) throw templateError("TEMPLATE_PARAMETER", `parameter ${name} has no value`);
  if (parameter.Type.startsWith("AWS::SSM::")) {
    throw templateError("TEMPLATE_REFUSED", `parameter ${name} is read from SSM, which is not on this machine`);
  }
  checkAllowed(name, text, parameter);
  if (parameter.Type === "Number") {
    checkRange(name, Number(text), parameter);
    return Number(text);
  }
  const isList = parameter.Type === "CommaDelimitedList" || parameter.Type.startsWith("List<");
  return isList ? text.split(",").map((part) => part.trim()) : text;
}

/**
 * Values of a template's parameters: given ones over defaults, checked as CloudFormation checks them. A Number parameter
 * becomes a number. Throws WikilakeError TEMPLATE_PARAMETER for a missing, unknown or refused value.
 */
export function resolveParameters(template: Template, given: Readonly<Record<string, string>> = {}): Parameters {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(template.Parameters, name));
  if (unknown !== undefined) throw templateError("TEMPLATE_PARAMETER", `the template has no parameter ${unknown}`);
  return Object.fromEntries(
    Object.entries(template.Parameters).map(([name, parameter]) => [
      name,
      parameterValue(name, parameter, given[name]),
    ]),
  );
}
