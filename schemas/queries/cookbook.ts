import type { NamedQuery } from "./named-query.ts";

const layers: readonly (readonly [prefix: string, heading: string])[] = [
  ["bronze", "Bronze: what was delivered"],
  ["silver", "Silver: cleaned events and reverts"],
  ["gold", "Gold: measures, risk, history"],
  ["live", "Live: this minute, ungated"],
  ["dq", "Data quality"],
  ["ops", "Operations"],
];

const intro = `# Cookbook

Questions that the lake answers, one query each. Every query is a file of \`schemas/queries/\`, a named query of Athena in
the workgroup \`wikilake-<stage>-query\`, and runs on the local lake as well:

\`\`\`sh
npx wikilake sql --list                        # names and questions
npx wikilake sql --query live-now              # run one; --stage prod for a deployed lake
npx wikilake sql "select * from gold.hourly_stats limit 5"
\`\`\`

Layers stand for databases: \`gold.hourly_stats\` is \`wikilake_<stage>_gold.hourly_stats\`; \`wikilake sql\` and the template
put the stage in. Times are UTC. "The newest day" and "last" count back from the newest row, so that a replayed day shows
too. What every table and column means is in the catalogue: \`DESCRIBE\` shows the comments, Glue's console too.

<!-- Written from schemas/queries by scripts/write-cookbook.ts; a test fails when they differ. -->
`;

/** The page docs/cookbook.md. */
export function cookbookPage(queries: readonly NamedQuery[]): string {
  const parts = layers.map(([prefix, heading]) => {
    const own = queries.filter(({ name }) => name.startsWith(`${prefix}-`));
    return [`## ${heading}`, ...own.map(section)].join("\n\n");
  });
  return `${[intro.trimEnd(), ...parts].join("\n\n")}\n`;
}

function section({ name, question, note, sql, columns }: NamedQuery): string {
  const rows = columns.map((column) => `| \`${column.name}\` | ${column.meaning.replaceAll("|", "\\|")} |`);
  return [
    `### ${question}`,
    `\`${name}\`${note === "" ? "" : ` · ${note}`}`,
    ["```sql", sql, "```"].join("\n"),
    ["| Column | Meaning |", "|---|---|", ...rows].join("\n"),
  ].join("\n\n");
}
