import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { readConfig } from "../../handlers/bronze-writer/config.ts";
import { type BronzeWriterDeps, createDeps } from "../../handlers/bronze-writer/deps.ts";
import { writeBronze } from "../../handlers/bronze-writer/write-bronze.ts";
import type { CommitPolicy } from "../../lib/lake/commit-policy.ts";
import { tokenOf } from "../../lib/lake/commit-slot.ts";
import type { QueryStatus } from "../../lib/lake/query-engine.ts";
import type { StatementBuilder } from "../../lib/lake/statement.ts";
import type { Defence, WriterOrder } from "./writer-process.ts";

/*
 * The bronze writer as a program: the handler's own code and its own AWS clients, one batch, one answer as the last line.
 * What production never changes may be changed here: the protocol's waits, and defences that are taken away.
 */

type Without = (deps: BronzeWriterDeps) => BronzeWriterDeps;

const withPolicy =
  (policy: Partial<CommitPolicy>): Without =>
  (deps) => ({ ...deps, policy: { ...deps.policy, ...policy } });

/** How each defence is taken away. */
const removals: Readonly<Record<Defence, Without>> = {
  "overlap-rule": withPolicy({ collides: () => false }),
  "settle-wait": withPolicy({ settleMs: 0 }),
  "send-limit": withPolicy({ sendLimitMs: Number.MAX_SAFE_INTEGER, slotFreshMs: Number.MAX_SAFE_INTEGER }),
  resend: withPolicy({ sendLimitMs: 0 }),
  reconcile: withPolicy({ reconcile: false }),
  token: (deps) => ({
    ...deps,
    engine: {
      ...deps.engine,
      start: (request) => deps.engine.start({ ...request, token: randomUUID().padEnd(40, "0") }),
    },
  }),
  "one-slot": (deps) => ({ ...deps, target: { ...deps.target, slotKey: `commit/${randomUUID()}.json` } }),
  "token-of-epoch": (deps) => ({
    ...deps,
    engine: { ...deps.engine, start: (request) => deps.engine.start({ ...request, token: tokenOf(request.sql) }) },
  }),
  "not-exists": (deps) => {
    const tables = Object.entries(deps.target.tables).map(([name, builder]) => [name, withoutAbsence(builder)]);
    return { ...deps, target: { ...deps.target, tables: Object.fromEntries(tables) } };
  },
};

function withoutAbsence({ write, verify }: StatementBuilder): StatementBuilder {
  const cut = (sql: string): string => sql.replaceAll("\nAND t.kafka_topic IS NULL", "");
  return { verify, write: (batches) => cut(write(batches)) };
}

/** The engine that gives a statement up while it is still at work: FAILED at the first look, whatever becomes of it. */
function givingUp(deps: BronzeWriterDeps): BronzeWriterDeps {
  let given: { readonly queryId: string; readonly status: QueryStatus } | undefined;
  const status = async (queryId: string): Promise<QueryStatus | undefined> => {
    const state = "FAILED" as const;
    const failure = "environment" as const;
    given ??= { queryId, status: { state, failure, errorCode: undefined, completedAtMs: deps.clock.now() } };
    return given.queryId === queryId ? given.status : deps.engine.status(queryId);
  };
  return { ...deps, engine: { ...deps.engine, status } };
}

const order = JSON.parse(await text(process.stdin)) as WriterOrder; // written by startWriter
const { event, policy, without, deadlineInMs, givesUp } = order;
let deps = withPolicy(policy)(createDeps(readConfig(process.env)));
for (const defence of without) deps = removals[defence](deps);
if (givesUp) deps = givingUp(deps);
const answer = await writeBronze(deps, event, deps.clock.now() + deadlineInMs);
process.stdout.write(`${JSON.stringify({ answer })}\n`, () => process.exit(0));
