import { WikilakeError } from "../../../lib/platform/errors.ts";
import { type AthenaError, userError } from "./engine/error-shape.ts";

/** A statement that fails by Athena's judgement, not the engine's: it becomes Status.AthenaError as it is. */
export class StatementError extends WikilakeError {
  readonly athena: AthenaError;

  constructor(message: string, errorType?: number) {
    super("STATEMENT_FAILED", message, { retriable: false });
    this.athena = userError(message, errorType);
  }
}

/** Athena's number for a table or database that is not there. */
const missing = 1301;

export const tableNotFound = (database: string, table: string): StatementError =>
  new StatementError(`TABLE_NOT_FOUND: Table 'awsdatacatalog.${database}.${table}' does not exist`, missing);

export const schemaNotFound = (database: string): StatementError =>
  new StatementError(`SCHEMA_NOT_FOUND: Schema '${database}' does not exist`, missing);
