import type { PathReport } from "./read-path.ts";

const number = (value: number): string => value.toLocaleString("en").padStart(12);
const marks = { equal: "✓", untold: "~", broken: "✗" } as const;

/** The path for a person: a row a stage, what is held against what, and the verdict in one line. */
export function describePath({ sinceMs, counts, account }: PathReport): string {
  const { shim, topics, waiting, writers, tables } = counts;
  const rows: readonly (readonly [stage: string, count: number, of: string])[] = [
    [
      "received by the shim",
      shim.received,
      `${part(shim.canaries, "canaries")} + ${part(shim.duplicates, "duplicates")} + ${part(shim.acked, "acked")} + ${part(shim.rejected, "rejected")}`,
    ],
    [
      "offsets of raw-events",
      topics.raw,
      `${part(tables.events, "events")} + ${part(tables.refused, "dead letters")} + ${part(waiting.raw, "on their way")}`,
    ],
    [
      "offsets of dlq-events",
      topics.dlq,
      `${part(tables.deadLetters, "dead letters")} + ${part(waiting.dlq, "on their way")}`,
    ],
    [
      "rows staged",
      writers.staged,
      `${part(writers.inserted, "inserted")} + ${part(writers.present, "already present")} + ${part(writers.restaged, "staged again")}`,
    ],
  ];
  return [
    `path since ${new Date(sinceMs).toISOString().slice(0, 16)}Z`,
    ...rows.map(([stage, count, of]) => `  ${stage.padEnd(24)}${number(count)} = ${of}`),
    ...account.checks.map(
      ({ name, left, right, verdict }) =>
        `  ${marks[verdict]} ${name}${verdict === "equal" ? "" : `: ${left.toLocaleString("en")} against ${right.toLocaleString("en")}`}`,
    ),
    verdictLine(account.verdict),
  ].join("\n");
}

const part = (value: number, name: string): string => `${value.toLocaleString("en")} ${name}`;

function verdictLine(verdict: PathReport["account"]["verdict"]): string {
  switch (verdict) {
    case "equal":
      return "Every event is accounted for, and every counter agrees.";
    case "untold":
      return "Every event is accounted for. Some counts (~) are not told yet, or went with a process that was killed.";
    case "broken":
      return "NOT EVERY EVENT IS ACCOUNTED FOR: see the lines with ✗.";
  }
}
