import { describe, expect, test } from "@jest/globals";
import { describePath } from "../../../cli/path/describe-path.ts";
import { ledgerSql, storedSql, tablesSql } from "../../../cli/path/path-sql.ts";
import { toCounts } from "../../../cli/path/read-path.ts";
import { accountForPath } from "../../../lib/core/path-account.ts";

const told = { RowsStaged: 110, RowsInserted: 100, RowsPresent: 0, RowsRestaged: 0 };
const readings = {
  tables: [98, 2, 3, 0, 0, 100, 3],
  ledger: [120, 5, 7, 105, 3, 98, 2, 3],
  stored: [60, 103],
  told,
  waiting: { "raw-events": 10, "dlq-events": 0 },
};

describe("the counts that status shows", () => {
  test("take what is on its way for what is not there yet, and no more than that", () => {
    const counts = toCounts(readings);
    expect(counts.shim.sent).toEqual({ raw: 105, dlq: 3 });
    expect(counts.writers).toMatchObject({ pending: 10, stored: 100 });
    expect(accountForPath(counts).verdict).toBe("equal");
  });

  test("see an acknowledged event that is nowhere", () => {
    const counts = toCounts({ ...readings, waiting: { "raw-events": 0, "dlq-events": 0 } });
    expect(accountForPath(counts).verdict).toBe("broken");
  });

  test("are a table and a line that says the verdict", () => {
    const counts = toCounts(readings);
    const text = describePath({ sinceMs: Date.UTC(2026, 10, 21, 12), counts, account: accountForPath(counts) });
    expect(text).toContain("received by the shim             120 = 5 canaries + 7 duplicates + 105 acked + 3 rejected");
    expect(text.split("\n").at(-1)).toBe("Every event is accounted for, and every counter agrees.");
  });

  test("are asked for with literals of our own making", () => {
    for (const sql of [tablesSql(0), ledgerSql(0), storedSql(0)]) expect(sql).toMatch(/timestamp '19[67]\d-\d\d-\d\d /);
  });
});
