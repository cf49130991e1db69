import type { Logger } from "../../../lib/platform/logger.ts";
import { arn } from "../account.ts";
import type { IcebergCatalog } from "../glue/iceberg-catalog.ts";
import type { GlueRegistry } from "../glue/registry.ts";
import {
  type Authorizer,
  AwsError,
  type AwsRequest,
  type AwsResponse,
  type AwsService,
  type Permission,
} from "../service.ts";
import * as answers from "./answers.ts";
import type { TrinoClient } from "./engine/trino-client.ts";
import type { AthenaFaults } from "./faults.ts";
import { openJournal } from "./journal.ts";
import { type ObjectStore, splitAddress } from "./object-store.ts";
import { createQueryList, type QueryList } from "./query-list.ts";
import { isFinal, type QueryRecord } from "./query-record.ts";
import {
  batchInput,
  batchNamedInput,
  listInput,
  namedInput,
  parseInput,
  queryInput,
  resultsInput,
  startInput,
  workGroupInput,
} from "./requests.ts";
import { createResults, type Results } from "./results.ts";
import { type Job, type RunDeps, runQuery } from "./run-query.ts";
import { createSlots } from "./slots.ts";
import { invalidRequest } from "./sql/refusal.ts";
import { createStart } from "./start-query.ts";
import { createSyntaxCheck } from "./syntax-check.ts";
import { primaryWorkGroup, type WorkGroups } from "./work-groups.ts";

export type AthenaServiceDeps = {
  readonly stateDir: string;
  readonly trino: TrinoClient;
  readonly registry: GlueRegistry;
  readonly iceberg: IcebergCatalog;
  readonly workGroups: WorkGroups;
  readonly objects: ObjectStore;
  readonly authorizer: Authorizer;
  readonly logger: Logger;
  readonly now: () => number;
  readonly newId: () => string;
  readonly faults?: AthenaFaults;
};

export type AthenaService = AwsService & {
  /** Resolves when no query is running any more: for a clean stop. */
  idle(): Promise<void>;
};

/** The engine's memory on one machine carries this many statements at once; the others are QUEUED. */
const concurrentQueries = 6;

type Room = {
  readonly deps: AthenaServiceDeps;
  readonly queries: QueryList;
  readonly results: Results;
  readonly jobs: Map<string, Job>;
  readonly start: ReturnType<typeof createStart>;
};

type Operation = (room: Room, request: AwsRequest) => unknown;

/** Athena's API in front of the SQL engine. What it accepts, it remembers across restarts. */
export function createAthenaService(deps: AthenaServiceDeps): AthenaService {
  const onLost = (error: unknown): void => deps.logger.error("query-end-not-recorded", { error: String(error) });
  const queries = createQueryList(openJournal(deps), deps.now, onLost);
  const results = createResults(deps.objects);
  const jobs = new Map<string, Job>();
  const running = new Set<Promise<void>>();
  const faults = deps.faults ?? {};
  const runDeps: RunDeps = {
    ...deps,
    queries,
    faults,
    slots: createSlots(concurrentQueries),
    remember: results.remember,
  };
  const launch = (job: Job): void => {
    jobs.set(job.query.id, job);
    const run = runQuery(job, runDeps).finally(() => {
      jobs.delete(job.query.id);
      running.delete(run);
    });
    running.add(run);
  };
  const start = createStart({
    ...deps,
    queries,
    faults,
    launch,
    active: () => jobs.size,
    syntax: createSyntaxCheck(deps.trino),
  });
  const room: Room = { deps, queries, results, jobs, start };
  return {
    name: "athena",
    protocol: "json-1.1",
    permissions: (request) => permissions(room, request),
    handle: async (request): Promise<AwsResponse> => {
      const operation = operations[request.operation];
      if (operation === undefined || !Object.hasOwn(operations, request.operation))
        throw new AwsError("UnknownOperationException", `Athena ${request.operation} is not available on one machine`);
      return { body: await operation(room, request) };
    },
    idle: async () => void (await Promise.all(running)),
  };
}

const operations: Readonly<Record<string, Operation>> = {
  StartQueryExecution: async ({ start }, { input, principal }) => ({
    QueryExecutionId: await start(parseInput(startInput, input), principal),
  }),
  GetQueryExecution: (room, { input }) => ({
    QueryExecution: answers.queryExecution(queryOf(room, input), room.deps.now()),
  }),
  BatchGetQueryExecution: (room, { input }) => batchGet(room, parseInput(batchInput, input).QueryExecutionIds),
  GetQueryResults: async (room, { input }) => {
    const asked = parseInput(resultsInput, input);
    const query = queryOf(room, asked);
    answers.checkHasResult(query);
    return answers.resultPage(query, await room.results.rows(query), asked);
  },
  GetQueryRuntimeStatistics: async (room, { input }) => {
    const query = queryOf(room, input);
    const rows = query.state === "SUCCEEDED" ? await room.results.rows(query) : [];
    return { QueryRuntimeStatistics: answers.runtimeStatistics(query, rows.length) };
  },
  StopQueryExecution: (room, { input }) => {
    room.jobs.get(queryOf(room, input).id)?.stop.abort("Query cancelled by user");
    return {};
  },
  ListQueryExecutions: ({ queries, deps }, { input }) => {
    const asked = parseInput(listInput, input);
    const { name } = deps.workGroups.get(asked.WorkGroup ?? primaryWorkGroup);
    const { items, NextToken } = answers.page(
      queries.inWorkGroup(name).map(({ id }) => id),
      asked,
    );
    return { QueryExecutionIds: items, NextToken };
  },
  GetWorkGroup: ({ deps }, { input }) => ({
    WorkGroup: answers.workGroupBody(deps.workGroups.get(parseInput(workGroupInput, input).WorkGroup)),
  }),
  ListWorkGroups: ({ deps }) => ({ WorkGroups: deps.workGroups.all().map(answers.workGroupBody) }),
  ListNamedQueries: ({ deps }, { input }) => {
    const asked = parseInput(listInput, input);
    const all = deps.workGroups.namedIn(asked.WorkGroup ?? primaryWorkGroup).map(({ id }) => id);
    const { items, NextToken } = answers.page(all, asked);
    return { NamedQueryIds: items, NextToken };
  },
  GetNamedQuery: ({ deps }, { input }) => {
    const { NamedQueryId } = parseInput(namedInput, input);
    const query = deps.workGroups.named(NamedQueryId);
    if (query === undefined) throw invalidRequest(`NamedQuery ${NamedQueryId} was not found`, "NAMED_QUERY_NOT_FOUND");
    return { NamedQuery: answers.namedQueryBody(query) };
  },
  BatchGetNamedQuery: ({ deps }, { input }) => {
    const { NamedQueryIds } = parseInput(batchNamedInput, input);
    const missing = NamedQueryIds.filter((id) => deps.workGroups.named(id) === undefined);
    return {
      NamedQueries: NamedQueryIds.flatMap((id) => deps.workGroups.named(id) ?? []).map(answers.namedQueryBody),
      UnprocessedNamedQueryIds: missing.map((id) => ({
        NamedQueryId: id,
        ErrorCode: "NAMED_QUERY_NOT_FOUND",
        ErrorMessage: `NamedQuery ${id} was not found`,
      })),
    };
  },
};

function queryOf({ queries }: Room, input: unknown): QueryRecord {
  const { QueryExecutionId: id } = parseInput(queryInput, input);
  const query = queries.get(id);
  if (query === undefined) throw invalidRequest(`QueryExecution ${id} was not found`, "QUERY_EXECUTION_NOT_FOUND");
  return query;
}

function batchGet({ queries, deps }: Room, ids: readonly string[]): Record<string, unknown> {
  const found = ids.flatMap((id) => queries.get(id) ?? []);
  const missing = ids.filter((id) => queries.get(id) === undefined);
  return {
    QueryExecutions: found.map((query) => answers.queryExecution(query, deps.now())),
    UnprocessedQueryExecutionIds: missing.map((id) => ({
      QueryExecutionId: id,
      ErrorCode: "QUERY_EXECUTION_NOT_FOUND",
      ErrorMessage: `QueryExecution ${id} was not found`,
    })),
  };
}

/** Athena's own permissions are about workgroups: a query belongs to the one it was started in. */
function permissions(room: Room, { operation, input }: AwsRequest): Permission[] {
  const onGroup = (group: string): Permission => ({
    action: `athena:${operation}`,
    resource: arn("athena", `workgroup/${group}`),
  });
  const text = (key: string): string | undefined => (typeof input[key] === "string" ? input[key] : undefined);
  const query = room.queries.get(text("QueryExecutionId") ?? "");
  if (operation === "ListWorkGroups") return [{ action: "athena:ListWorkGroups", resource: "*" }];
  if (operation === "BatchGetQueryExecution") {
    const ids = Array.isArray(input["QueryExecutionIds"]) ? input["QueryExecutionIds"] : [];
    return [...new Set(ids.map((id) => room.queries.get(String(id))?.workGroup ?? primaryWorkGroup))].map(onGroup);
  }
  if (operation === "BatchGetNamedQuery") {
    const ids = Array.isArray(input["NamedQueryIds"]) ? input["NamedQueryIds"] : [];
    return [...new Set(ids.map((id) => room.deps.workGroups.named(String(id))?.workGroup ?? primaryWorkGroup))].map(
      onGroup,
    );
  }
  const named = room.deps.workGroups.named(text("NamedQueryId") ?? "");
  const group = onGroup(query?.workGroup ?? named?.workGroup ?? text("WorkGroup") ?? primaryWorkGroup);
  // Results are read from S3 in the caller's name.
  if (operation !== "GetQueryResults" || query === undefined || !isFinal(query)) return [group];
  const { Bucket, Key } = splitAddress(query.outputLocation);
  return [group, { action: "s3:GetObject", resource: `arn:aws:s3:::${Bucket}/${Key}` }];
}
