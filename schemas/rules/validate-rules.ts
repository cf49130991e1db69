import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type RuleFile, ruleSchemas } from "./rule-schemas.ts";

/** Something in a rule file that a person must change. `line` counts from 1. */
export type RuleProblem = { readonly file: string; readonly line: number; readonly reason: string };

export const ruleFiles = Object.keys(ruleSchemas) as readonly RuleFile[]; // as: Object.keys forgets the names

/** `thresholds.yml:12: silver.psi_fail: Invalid input` */
export const describeProblem = ({ file, line, reason }: RuleProblem): string => `${file}:${line}: ${reason}`;

/** All problems of all rule files in `folder` (schemas/rules); none when every file may be used. */
export function checkRuleFolder(folder: string): readonly RuleProblem[] {
  return ruleFiles.flatMap((name) => checkRuleFile(name, readFileSync(join(folder, `${name}.yml`), "utf8")));
}

/** Problems of one file's text. Malformed YAML is one of them, not an exception. */
export function checkRuleFile(name: RuleFile, text: string): readonly RuleProblem[] {
  const file = `${name}.yml`;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) {
    return broken.map(({ pos, message }) => ({ file, line: lines.linePos(pos[0]).line, reason: message }));
  }
  const lineAt = (path: readonly PropertyKey[]): number => {
    // A path may name something that is not there: then the nearest thing around it is meant.
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const checked = ruleSchemas[name].safeParse(document.toJS());
  if (checked.success) return [];
  const complain = ({ path, message }: z.core.$ZodIssue): RuleProblem => {
    const where = path.map(String).join(".");
    return { file, line: lineAt(path), reason: where === "" ? message : `${where}: ${message}` };
  };
  return checked.error.issues.map(complain);
}
