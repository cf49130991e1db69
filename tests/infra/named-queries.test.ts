import { statSync } from "node:fs";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { readNamedQueries } from "../../schemas/queries/named-query.ts";
import { packagedStage, packagedTemplate, resourcesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);

describe("named queries", () => {
  const declared = () => resourcesOf(stack, "AWS::Athena::NamedQuery").map(({ properties }) => properties);

  test("are those of schemas/queries, in the workgroup that people use", () => {
    const queries = readNamedQueries();
    expect(declared().map(({ Name, Description }) => [Name, Description])).toEqual(
      expect.arrayContaining(queries.map(({ name, question }) => [name, question])),
    );
    expect(declared()).toHaveLength(queries.length);
    for (const { WorkGroup, Database } of declared()) {
      expect(WorkGroup).toBe("ref:QueryWorkGroup");
      expect(Database).toBe("wikilake_dev_gold");
    }
  });

  test("name the stage's databases, and keep what explains them", () => {
    for (const { QueryString } of declared()) {
      expect(String(QueryString)).toMatch(/"wikilake_dev_(bronze|silver|gold|live|ops|dq_audit)"\."?[a-z0-9_]+/);
      const statement = String(QueryString).replaceAll(/^--.*$/gm, "");
      expect(statement).not.toMatch(/\b(FROM|JOIN) (bronze|silver|gold|live|ops|dq_audit)\./);
      expect(String(QueryString)).not.toContain("${");
      expect(String(QueryString)).toMatch(/^-- .+\?\n/);
    }
  });
});

describe("the template", () => {
  // A stage is packaged within seconds when nobody did before; Jest's five are a guess about the machine.
  test.each(["dev", "prod"])(
    "of %s stays well below what CloudFormation takes: 500 resources, 1 MB",
    async (stage) => {
      const { templateFile } = await packagedStage(stage);
      const { Resources } = await packagedTemplate(stage);
      expect(Object.keys(Resources).length).toBeLessThan(400);
      expect(statSync(templateFile).size).toBeLessThan(800_000);
    },
    60_000,
  );
});
