import { AwsError } from "../service.ts";
import type { TrinoClient } from "./engine/trino-client.ts";
import { malformed } from "./sql/refusal.ts";
import type { Statement } from "./sql/statement.ts";
import { isSignificant, tokenize } from "./sql/tokens.ts";

export type SyntaxCheck = { check(statement: Statement, sql: string): Promise<void> };

/** Writers send the same few statements with other literals; a laptop meets no more shapes than this. */
const rememberedShapes = 500;

/**
 * Athena refuses what cannot be parsed before a query exists. The engine's own parser is asked, once for each shape of
 * statement: literals do not matter to it, so a writer's INSERT is asked about once and not at every commit.
 */
export function createSyntaxCheck(trino: Pick<TrinoClient, "syntaxError">): SyntaxCheck {
  const known = new Set<string>();
  return {
    check: async ({ plan }, sql) => {
      if (plan.kind !== "engine" && plan.kind !== "create-view") return; // read by our own parser
      const shape = shapeOf(sql);
      if (known.has(shape)) return;
      const objection = await trino.syntaxError(sql).catch(unavailable);
      if (objection !== undefined) throw malformed(objection);
      known.add(shape);
      for (const oldest of known) {
        if (known.size <= rememberedShapes) break;
        known.delete(oldest);
      }
    },
  };
}

/** Athena without its engine: nothing is accepted, and the caller may come again. */
function unavailable(error: unknown): never {
  throw new AwsError("InternalServerException", error instanceof Error ? error.message : String(error), 500);
}

/** The statement with every literal made the same. */
function shapeOf(sql: string): string {
  return tokenize(sql)
    .filter(isSignificant)
    .map(({ kind, text }) => (["string", "integer", "decimal", "double"].includes(kind) ? kind : text))
    .join(" ");
}
