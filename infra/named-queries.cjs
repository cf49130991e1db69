// The cookbook's queries as named queries of Athena: one resource a file of schemas/queries, so that people find in the
// console what docs/cookbook.md explains. CommonJS because osls requires it.
const { expandLayerNames } = require("../schemas/queries/layer-names.ts");
const { readNamedQueries } = require("../schemas/queries/named-query.ts");

// osls fills in the stage: a reference, not a name.
const database = (layer) => `\${self:custom.database}_${layer}`;
const logicalId = (name) => `${name.replaceAll(/(^|-)([a-z0-9])/g, (_, dash, letter) => letter.toUpperCase())}Query`;

module.exports = {
  Resources: Object.fromEntries(
    readNamedQueries().map(({ name, question, text }) => [
      logicalId(name),
      {
        Type: "AWS::Athena::NamedQuery",
        Properties: {
          Name: name,
          Description: question,
          WorkGroup: { Ref: "QueryWorkGroup" },
          Database: database("gold"),
          QueryString: expandLayerNames(text, database),
        },
      },
    ]),
  ),
};
