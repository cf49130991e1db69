import { invalidRequest } from "./sql/refusal.ts";

export type WorkGroup = {
  readonly name: string;
  readonly description: string | undefined;
  readonly enabled: boolean;
  /** The group's settings win over the caller's. */
  readonly enforced: boolean;
  readonly outputLocation: string | undefined;
  readonly bytesScannedCutoff: number | undefined;
  readonly createdAt: number;
};

export type NamedQuery = {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly database: string;
  readonly sql: string;
  readonly workGroup: string;
};

/** Workgroups, saved queries and prepared statements: what the template and clients put beside the queries. */
export type WorkGroups = {
  put(group: WorkGroup): void;
  /** Throws Athena's "WorkGroup is not found." */
  get(name: string): WorkGroup;
  all(): readonly WorkGroup[];
  putNamed(query: NamedQuery): void;
  named(id: string): NamedQuery | undefined;
  namedIn(workGroup: string): readonly NamedQuery[];
  prepare(workGroup: string, name: string, sql: string): void;
  prepared(workGroup: string, name: string): string | undefined;
  deallocate(workGroup: string, name: string): boolean;
};

/** Every account has this one; it has no output location until somebody gives it one. */
export const primaryWorkGroup = "primary";

/** Kept in memory: the template makes them again at every start, and prepared statements last as long as the runtime. */
export function createWorkGroups(now: () => number): WorkGroups {
  const groups = new Map<string, WorkGroup>();
  const namedQueries = new Map<string, NamedQuery>();
  const statements = new Map<string, string>();
  const key = (workGroup: string, name: string): string => JSON.stringify([workGroup, name]);
  groups.set(primaryWorkGroup, {
    name: primaryWorkGroup,
    description: undefined,
    enabled: true,
    enforced: false,
    outputLocation: undefined,
    bytesScannedCutoff: undefined,
    createdAt: now(),
  });
  return {
    put: (group) => void groups.set(group.name, group),
    get: (name) => {
      const group = groups.get(name);
      if (group === undefined) throw invalidRequest("WorkGroup is not found.");
      return group;
    },
    all: () => [...groups.values()],
    putNamed: (query) => void namedQueries.set(query.id, query),
    named: (id) => namedQueries.get(id),
    namedIn: (workGroup) => [...namedQueries.values()].filter((query) => query.workGroup === workGroup),
    prepare: (workGroup, name, sql) => void statements.set(key(workGroup, name), sql),
    prepared: (workGroup, name) => statements.get(key(workGroup, name)),
    deallocate: (workGroup, name) => statements.delete(key(workGroup, name)),
  };
}
