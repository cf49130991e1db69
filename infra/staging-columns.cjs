// Columns of the staging tables in Glue's form, from the one list that the writers use. CommonJS because osls requires it.
const { stageTables } = require("../schemas/tables/columns.ts");

module.exports = Object.fromEntries(
  Object.entries(stageTables).map(([table, columns]) => [
    table,
    columns.map(([name, type]) => ({ Name: name, Type: type })),
  ]),
);
