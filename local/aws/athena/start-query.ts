import { AwsError, type Principal } from "../service.ts";
import type { AthenaFaults } from "./faults.ts";
import type { QueryList } from "./query-list.ts";
import type { AcceptedQuery, QueryRecord } from "./query-record.ts";
import type { StartInput } from "./requests.ts";
import type { Job } from "./run-query.ts";
import { dataCatalog } from "./sql/names.ts";
import { bindParameters } from "./sql/parameters.ts";
import { maxQueryBytes, parseStatement, singleStatement } from "./sql/parse.ts";
import { Reader } from "./sql/reader.ts";
import { invalidRequest } from "./sql/refusal.ts";
import type { Plan, Statement } from "./sql/statement.ts";
import type { SyntaxCheck } from "./syntax-check.ts";
import { primaryWorkGroup, type WorkGroup, type WorkGroups } from "./work-groups.ts";

export type StartDeps = {
  readonly queries: QueryList;
  readonly workGroups: WorkGroups;
  readonly syntax: SyntaxCheck;
  readonly faults: AthenaFaults;
  readonly now: () => number;
  readonly newId: () => string;
  /** Queries that are queued or running. */
  readonly active: () => number;
  /** Sets the accepted query going. */
  readonly launch: (job: Job) => void;
};

/** Athena's token length; shorter ones are refused. */
const tokenLength = { min: 32, max: 128 } as const;
/** Running and queued DML in eu-west-1. */
const maxActive = 150;

/**
 * StartQueryExecution. The same token with the same parameters gives the same id, whatever became of that query, also
 * while the first call is still being answered and after a restart. Throws what Athena throws before a query exists.
 */
export function createStart(deps: StartDeps): (input: StartInput, principal: Principal) => Promise<string> {
  const underWay = new Map<string, Promise<QueryRecord>>();
  return async (input, principal) => {
    const token = checkToken(input.ClientRequestToken);
    await deps.faults.beforeStart?.({ sql: input.QueryString, token });
    const query = await firstOrSame(input, token, principal, deps, underWay);
    if (query.fingerprint !== fingerprint(input))
      throw invalidRequest("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH");
    if (deps.faults.dropResponse?.(query)) throw new AwsError("InternalServerException", "The reply was lost", 500);
    return query.id;
  };
}

async function firstOrSame(
  input: StartInput,
  token: string,
  principal: Principal,
  deps: StartDeps,
  underWay: Map<string, Promise<QueryRecord>>,
): Promise<QueryRecord> {
  const isForgotten = deps.faults.forgetToken?.(token) === true;
  const known = isForgotten ? undefined : (deps.queries.byToken(token) ?? underWay.get(token));
  if (known !== undefined) return known;
  const accepting = accept(input, token, principal, deps);
  underWay.set(token, accepting);
  try {
    return await accepting;
  } finally {
    underWay.delete(token);
  }
}

async function accept(input: StartInput, token: string, principal: Principal, deps: StartDeps): Promise<QueryRecord> {
  const group = deps.workGroups.get(input.WorkGroup ?? primaryWorkGroup);
  if (!group.enabled) throw invalidRequest(`WorkGroup ${group.name} is disabled`);
  const output = outputLocation(input, group);
  const { sql, statement } = readStatement(input, group.name, deps.workGroups);
  await deps.syntax.check(statement, sql);
  if (deps.active() >= maxActive)
    throw new AwsError(
      "TooManyRequestsException",
      "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent queries submitted by this account.",
      400,
      { Reason: "CONCURRENT_QUERY_LIMIT_EXCEEDED" },
    );
  const query = deps.queries.accept(accepted(input, { token, principal, group, output, statement }, deps));
  settlePrepared(statement, group.name, deps.workGroups);
  deps.launch({
    query,
    statement,
    principal,
    sql,
    bytesScannedCutoff: group.bytesScannedCutoff,
    stop: new AbortController(),
  });
  return query;
}

function checkToken(token: string | undefined): string {
  if (token === undefined) throw invalidRequest("clientRequestToken is null or empty");
  const { min, max } = tokenLength;
  const bound = token.length < min ? `greater than or equal to ${min}` : `less than or equal to ${max}`;
  if (token.length >= min && token.length <= max) return token;
  throw invalidRequest(
    `1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length ${bound}`,
  );
}

/** What a repeat of the token has to agree in; Athena does not compare workgroup and parameters. */
const fingerprint = ({ QueryString, QueryExecutionContext, ResultConfiguration }: StartInput): string =>
  JSON.stringify([QueryString, QueryExecutionContext.Database, ResultConfiguration.OutputLocation]);

function outputLocation({ ResultConfiguration }: StartInput, group: WorkGroup): string {
  const asked = ResultConfiguration.OutputLocation;
  const location = group.enforced ? (group.outputLocation ?? asked) : (asked ?? group.outputLocation);
  if (location === undefined)
    throw invalidRequest(
      "No output location provided. You did not provide an output location for  your query results. Either specify an S3 bucket location or enable Athena managed query results in your workgroup settings.",
    );
  if (!/^s3:\/\/[^/]+(\/.*)?$/.test(location)) throw invalidRequest("outputLocation is not a valid S3 path.");
  return location.replace(/\/+$/, "");
}

/** The statement to run: EXECUTE is what was prepared, parameters are put in. */
function readStatement(
  input: StartInput,
  workGroup: string,
  groups: WorkGroups,
): { sql: string; statement: Statement } {
  const { QueryString, QueryExecutionContext: context, ExecutionParameters: values } = input;
  if (Buffer.byteLength(QueryString) > maxQueryBytes)
    throw invalidRequest(
      `1 validation error detected: Value at 'queryString' failed to satisfy constraint: Member must have length less than or equal to ${maxQueryBytes}`,
    );
  if ((context.Catalog ?? dataCatalog).toLowerCase() !== dataCatalog)
    throw invalidRequest(`Catalog ${context.Catalog ?? ""} is not found.`);
  const text = singleStatement(QueryString);
  const first = parsesWithoutValues(text) ? parseStatement(text, context.Database) : undefined;
  if (first?.plan.kind === "execute")
    return readPrepared(first.plan, values, context.Database, groups.prepared(workGroup, first.plan.name));
  if (first !== undefined) return { sql: text, statement: first };
  const sql = bindParameters(text, values);
  const statement = parseStatement(sql, context.Database);
  if (values.length > 0 && sql !== text && !takesParameters(statement))
    throw invalidRequest("Parameters are supported in SELECT, INSERT INTO, CTAS and UNLOAD statements only.");
  return { sql, statement };
}

/** PREPARE keeps its question marks, and EXECUTE has none: its values belong to the statement that it names. */
const parsesWithoutValues = (text: string): boolean =>
  ["PREPARE", "EXECUTE"].includes(new Reader(text).peek().text.toUpperCase());

function readPrepared(
  { name, values: using }: Extract<Plan, { readonly kind: "execute" }>,
  values: readonly string[],
  database: string | undefined,
  prepared: string | undefined,
): { sql: string; statement: Statement } {
  if (prepared === undefined)
    throw invalidRequest(`PreparedStatement ${name} was not found`, "PREPARED_STATEMENT_NOT_FOUND");
  const sql = bindParameters(prepared, using.length > 0 ? using : values);
  return { sql, statement: parseStatement(sql, database) };
}

const takesParameters = ({ substatementType = "" }: Statement): boolean =>
  ["SELECT", "INSERT", "CREATE_TABLE_AS_SELECT", "EXECUTE"].includes(substatementType);

function settlePrepared({ plan }: Statement, workGroup: string, groups: WorkGroups): void {
  if (plan.kind === "prepare") groups.prepare(workGroup, plan.name, plan.sql);
  if (plan.kind === "deallocate") groups.deallocate(workGroup, plan.name);
}

type Facts = {
  readonly token: string;
  readonly principal: Principal;
  readonly group: WorkGroup;
  readonly output: string;
  readonly statement: Statement;
};

function accepted(input: StartInput, facts: Facts, { now, newId }: StartDeps): AcceptedQuery {
  const { Database: database, Catalog: catalog } = input.QueryExecutionContext;
  const { statement } = facts;
  const id = newId();
  return {
    id,
    sql: input.QueryString,
    token: facts.token,
    fingerprint: fingerprint(input),
    values: input.ExecutionParameters,
    workGroup: facts.group.name,
    statementType: statement.statementType,
    outputLocation: `${facts.output}/${fileName(id, statement)}`,
    principalArn: facts.principal.arn,
    submittedAt: now(),
    ...(statement.substatementType !== undefined && { substatementType: statement.substatementType }),
    ...(database !== undefined && { database }),
    ...(catalog !== undefined && { catalog }),
  };
}

/** Athena names the result file by the kind of statement. */
function fileName(id: string, { substatementType = "", statementType }: Statement): string {
  if (substatementType === "INSERT") return id;
  if (substatementType === "CREATE_TABLE_AS_SELECT") return `tables/${id}`;
  return ["SELECT", "UPDATE", "DELETE", "MERGE"].includes(substatementType) && statementType === "DML"
    ? `${id}.csv`
    : `${id}.txt`;
}
