import { type MachineReport, type Probe, probeMachine } from "../../local/engines/probe-machine.ts";
import { exitCodes } from "../exit-codes.ts";

const marks: Readonly<Record<Probe["status"], string>> = { found: "✓", fetchable: "↓", missing: "✗" };

/** `wikilake doctor`: exit 1 when something is missing that a person has to get. */
export async function doctorCommand(options: { readonly json?: boolean }): Promise<number> {
  const report = await probeMachine();
  console.log(options.json ? JSON.stringify(report, null, 2) : describe(report));
  return report.ready ? exitCodes.ok : exitCodes.failed;
}

function describe({ ready, probes }: MachineReport): string {
  const lines = probes.flatMap(({ id, status, detail, remedy }) => [
    `${marks[status]} ${id.padEnd(9)}${detail}`,
    ...(remedy === undefined ? [] : [`  ${" ".repeat(9)}${remedy}`]),
  ]);
  const verdict = ready ? "This machine can run the lake." : "This machine cannot run the lake yet.";
  return [...lines, verdict].join("\n");
}
