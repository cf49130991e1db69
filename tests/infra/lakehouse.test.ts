import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { stageTables } from "../../schemas/tables/columns.ts";
import { at, packagedTemplate, propertiesOf, resourcesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);

describe("databases", () => {
  test("are one a layer, retained, with plain IAM access", async () => {
    const { Resources } = await packagedTemplate("dev");
    const databases = resourcesOf(stack, "AWS::Glue::Database");
    const names = databases.map(({ properties }) => at(properties, "DatabaseInput.Name"));
    const layers = ["stage", "bronze", "silver", "gold", "live", "ops", "dq_audit"];
    expect(names.map(String).sort()).toEqual(layers.map((layer) => `wikilake_dev_${layer}`).sort());
    for (const { logicalId, properties } of databases) {
      // Deleting a database would drop its tables.
      expect(Resources[logicalId]).toMatchObject({
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Condition: "CreateData",
      });
      expect(
        at(properties, "DatabaseInput.CreateTableDefaultPermissions.0.Principal.DataLakePrincipalIdentifier"),
      ).toBe("IAM_ALLOWED_PRINCIPALS");
    }
  });
});

describe("staging tables", () => {
  const tables = () => resourcesOf(stack, "AWS::Glue::Table");

  test("are exactly those that the writers stage, with their columns", () => {
    const columns = tables().map(({ properties }) => [
      at(properties, "TableInput.Name"),
      at(properties, "TableInput.StorageDescriptor.Columns"),
    ]);
    const expected = Object.entries(stageTables).map(([table, list]) => [
      table,
      list.map(([Name, Type]) => ({ Name, Type })),
    ]);
    expect(Object.fromEntries(columns)).toEqual(Object.fromEntries(expected));
  });

  test("answer only queries that name their batches, from the batch's own folder", () => {
    for (const { properties } of tables()) {
      const name = at(properties, "TableInput.Name");
      const folder = `s3://wikilake-dev-stage-000000000000/stage/${name}/`;
      expect(properties).toMatchObject({
        DatabaseName: "ref:StageDatabase",
        TableInput: {
          PartitionKeys: [{ Name: "batch", Type: "string" }],
          Parameters: {
            classification: "parquet",
            "projection.enabled": "true",
            "projection.batch.type": "injected",
            "storage.location.template": `${folder}batch=\${batch}`,
          },
          StorageDescriptor: { Location: folder },
        },
      });
    }
  });

  test("can be staged to by the functions that write them, and by no other", () => {
    const statements = JSON.stringify(resourcesOf(stack, "AWS::IAM::Role").map(({ properties }) => properties));
    for (const table of Object.keys(stageTables)) {
      expect(statements).toContain(`arn:aws:s3:::wikilake-dev-stage-000000000000/stage/${table}/*`);
      expect(statements).toContain(`:table/wikilake_dev_stage/${table}"`);
    }
  });
});

describe("workgroups", () => {
  test("fix where results go, apart from each other, on engine 3", () => {
    const groups = resourcesOf(stack, "AWS::Athena::WorkGroup").map(({ properties }) => properties);
    expect(groups.map((properties) => properties["Name"])).toEqual(
      ["write", "maintenance", "query"].map((name) => `wikilake-dev-${name}`),
    );
    for (const properties of groups) {
      expect(properties).toMatchObject({
        WorkGroupConfiguration: {
          EnforceWorkGroupConfiguration: true,
          EngineVersion: { SelectedEngineVersion: "Athena engine version 3" },
          ResultConfiguration: {
            OutputLocation: `s3://wikilake-dev-results-000000000000/${String(properties["Name"]).split("-").at(-1)}/`,
          },
        },
      });
    }
  });

  test("cut off a runaway query, but never a compaction", () => {
    const cutOff = (name: string) => at(propertiesOf(stack, name), "WorkGroupConfiguration.BytesScannedCutoffPerQuery");
    expect(cutOff("WriteWorkGroup")).toBeGreaterThan(0);
    expect(cutOff("QueryWorkGroup")).toBeGreaterThan(0);
    expect(cutOff("MaintenanceWorkGroup")).toBeUndefined();
  });
});

test("tables are migrated after their databases and the workgroup exist, again whenever a definition changes", async () => {
  const order = [...stack.resources.keys()];
  const tables = order.indexOf("Tables");
  for (const earlier of [
    "BronzeDatabase",
    "OpsDatabase",
    "DqAuditDatabase",
    "SilverDatabase",
    "GoldDatabase",
    "LakeBucket",
    "ResultsBucket",
    "MaintenanceWorkGroup",
    "MigrateLambdaFunction",
  ]) {
    expect(order.indexOf(earlier)).toBeGreaterThanOrEqual(0);
    expect(order.indexOf(earlier)).toBeLessThan(tables);
  }
  expect(propertiesOf(stack, "Tables")["SchemaVersion"]).toMatch(/^[0-9a-f]{12}$/);
  // CloudFormation waits no longer than this; the function must have answered by then.
  expect(Number(propertiesOf(stack, "Tables")["ServiceTimeout"])).toBeGreaterThan(
    Number(propertiesOf(stack, "MigrateLambdaFunction")["Timeout"]),
  );
});
