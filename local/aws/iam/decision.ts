import { type RequestAnalysis, type RunSimulationResults, runSimulation } from "@cloud-copilot/iam-simulate";
import { localAccount } from "../account.ts";
import { createEquivalence } from "./equivalence.ts";
import { type NamedPolicy, type PolicyDocument, statementsOf } from "./policy.ts";

/** What AWS would answer. `because` ends the sentence of its message. */
export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly because: string };
export type Question = {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
};
export type Decider = { decide(question: Question): Promise<Decision> };

export type DeciderInput = {
  /** Role ARN, or a service such as `sns.amazonaws.com`. */
  readonly principal: string;
  readonly policies: readonly NamedPolicy[];
  readonly resourcePolicy: PolicyDocument | undefined;
};

/** Most answers kept for one caller and one resource policy; classes are few, a flood of them starts over. */
const maxAnswers = 5000;

/** Decides for one caller (and one resource policy); a simulation takes about a millisecond and is run once per class. */
export function createDecider(input: DeciderInput): Decider {
  const documents = [
    ...input.policies,
    ...(input.resourcePolicy ? [{ name: "resource", document: input.resourcePolicy }] : []),
  ];
  const equivalence = createEquivalence(documents.flatMap(({ name, document }) => statementsOf(document, name)));
  const answers = new Map<string, Promise<Decision>>();
  return {
    decide: (question) => {
      const key = equivalence.classOf(question.action, question.resource, question.context);
      const known = answers.get(key);
      if (known) return known;
      if (answers.size >= maxAnswers) answers.clear();
      const answer = simulate(input, question);
      answers.set(key, answer);
      return answer;
    },
  };
}

async function simulate(input: DeciderInput, question: Question): Promise<Decision> {
  // A "*" in a real name (an S3 key may hold one) would be read as a pattern; "*" alone means "no resource level".
  const resource = question.resource === "*" ? "*" : question.resource.replaceAll(/[*]/g, "_");
  const outcome = await run(input, question, resource);
  // An action without resource level is asked on "*", whatever the caller named: a policy with an ARN does not allow it.
  const repeat = outcome.resultType === "error" && outcome.errors.message === "must.use.wildcard" && resource !== "*";
  return verdict(repeat ? await run(input, question, "*") : outcome, question.action);
}

async function run(
  input: DeciderInput,
  { action, context }: Question,
  resource: string,
): Promise<RunSimulationResults> {
  return runSimulation(
    {
      identityPolicies: input.policies.map(({ name, document }) => ({ name, policy: document })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(input.resourcePolicy ? { resourcePolicy: input.resourcePolicy } : {}),
      request: {
        principal: input.principal,
        action,
        resource: { resource, accountId: localAccount.accountId },
        contextVariables: { ...globalContext(input.principal), ...context },
      },
    },
    {},
  );
}

/**
 * Condition keys of every request. SecureTransport is said to be true although loopback speaks HTTP: on AWS the same
 * call goes over TLS, and a TLS-only bucket policy must not refuse it here.
 */
const globalContext = (principal: string): Record<string, string> => ({
  "aws:SecureTransport": "true",
  "aws:ResourceAccount": localAccount.accountId,
  "s3:ResourceAccount": localAccount.accountId,
  "aws:RequestedRegion": localAccount.region,
  ...(principal.startsWith("arn:")
    ? {
        "aws:PrincipalArn": principal,
        "aws:PrincipalAccount": localAccount.accountId,
        "aws:PrincipalIsAWSService": "false",
      }
    : { "aws:PrincipalIsAWSService": "true" }),
});

function verdict(outcome: RunSimulationResults, action: string): Decision {
  if (outcome.resultType === "error")
    return { allowed: false, because: `the request is not valid for IAM: ${problem(outcome.errors)}` };
  if (outcome.overallResult === "Allowed") return { allowed: true };
  const analyses =
    outcome.resultType === "single" ? [outcome.result.analysis] : outcome.results.map((one) => one.analysis);
  return { allowed: false, because: reason(outcome.overallResult, analyses, action) };
}

function reason(result: string, analyses: readonly RequestAnalysis[], action: string): string {
  if (result !== "ExplicitlyDenied") return `because no identity-based policy allows the ${action} action`;
  const byResource = analyses.some((analysis) => (analysis.resourceAnalysis?.denyStatements.length ?? 0) > 0);
  return `with an explicit deny in ${byResource ? "a resource-based" : "an identity-based"} policy`;
}

const problem = (errors: object): string => JSON.stringify(errors).slice(0, 400);
