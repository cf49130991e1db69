import { AthenaClient, BatchGetNamedQueryCommand, ListNamedQueriesCommand } from "@aws-sdk/client-athena";
import type { Target } from "../target.ts";

export type StoredQuery = { readonly name: string; readonly question: string; readonly sql: string };

/** Athena answers for at most 50 ids at once, and lists as many. */
const pageSize = 50;

/** The named queries of the target's query workgroup, by name: those of the template and what people saved there. */
export async function readNamedQueries(
  target: Target,
  athena = new AthenaClient({ region: target.region }),
): Promise<readonly StoredQuery[]> {
  const found: StoredQuery[] = [];
  let token: string | undefined;
  do {
    const page = await athena.send(
      new ListNamedQueriesCommand({
        WorkGroup: target.workGroup,
        MaxResults: pageSize,
        ...(token ? { NextToken: token } : {}),
      }),
    );
    const ids = page.NamedQueryIds ?? [];
    if (ids.length > 0) {
      const { NamedQueries = [] } = await athena.send(new BatchGetNamedQueryCommand({ NamedQueryIds: ids }));
      for (const { Name = "", Description = "", QueryString = "" } of NamedQueries)
        found.push({ name: Name, question: Description, sql: QueryString });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return found.sort((one, other) => one.name.localeCompare(other.name));
}
