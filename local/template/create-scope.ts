import { localAccount } from "../aws/account.ts";
import { decideConditions } from "./conditions.ts";
import { resolveParameters } from "./parameters.ts";
import type { Scope } from "./scope.ts";
import type { Template } from "./template.ts";

function pseudoParameters(stackName: string): Readonly<Record<string, unknown>> {
  const { accountId, region, partition } = localAccount;
  return {
    "AWS::AccountId": accountId,
    "AWS::Region": region,
    "AWS::Partition": partition,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stackName,
    "AWS::StackId": `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/local`,
    "AWS::NotificationARNs": [],
  };
}

/** Decides parameters and conditions of a template on this machine; no resource is realised yet. */
export function createScope(
  template: Template,
  options: { readonly stackName: string; readonly parameters?: Readonly<Record<string, string>> },
): Scope {
  const parameters = resolveParameters(template, options.parameters);
  const pseudo = pseudoParameters(options.stackName);
  const bare = { template, parameters, pseudo, conditions: {}, realised: new Map() };
  return { ...bare, conditions: decideConditions(bare) };
}
