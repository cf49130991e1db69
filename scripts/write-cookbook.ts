import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cookbookPage } from "../schemas/queries/cookbook.ts";
import { readNamedQueries } from "../schemas/queries/named-query.ts";

/** Writes docs/cookbook.md anew from the queries: after a query was added or changed. */
writeFileSync(join(import.meta.dirname, "../docs/cookbook.md"), cookbookPage(readNamedQueries()));
