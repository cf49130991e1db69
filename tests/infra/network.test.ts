import { beforeAll, expect, test } from "@jest/globals";
import type { RealisedStack } from "../../local/template/realise.ts";
import { at, listOf, propertiesOf, resourcesOf, stackOf } from "./packaged-template.ts";

let stack: RealisedStack;
beforeAll(async () => {
  stack = await stackOf("dev");
}, 60_000);
const idOf = (logicalId: string): unknown => stack.resources.get(logicalId)?.realised.ref;

test("nothing is open to the outside: every way in comes from one of our own groups, to Kafka with IAM only", () => {
  const inward = resourcesOf(stack, "AWS::EC2::SecurityGroupIngress").map(({ properties }) => properties);
  expect(inward).toHaveLength(2);
  for (const properties of inward) {
    expect(properties).toMatchObject({
      IpProtocol: "tcp",
      FromPort: 9098,
      ToPort: 9098,
      GroupId: idOf("BrokerSecurityGroup"),
    });
    expect(properties["CidrIp"] ?? properties["CidrIpv6"]).toBeUndefined();
    expect([idOf("ShimSecurityGroup"), idOf("BrokerSecurityGroup")]).toContain(properties["SourceSecurityGroupId"]);
  }
  for (const { properties } of resourcesOf(stack, "AWS::EC2::SecurityGroup")) {
    expect(properties["SecurityGroupIngress"]).toBeUndefined();
    // Without an egress rule of its own a group may send anything anywhere.
    expect(listOf(properties["SecurityGroupEgress"]).length).toBeGreaterThan(0);
  }
});

test("what leaves goes to Kafka or over HTTPS", () => {
  const outward = [
    ...resourcesOf(stack, "AWS::EC2::SecurityGroupEgress").map(({ properties }) => properties as unknown),
    ...resourcesOf(stack, "AWS::EC2::SecurityGroup").flatMap(({ properties }) =>
      listOf(properties["SecurityGroupEgress"]),
    ),
  ];
  const elsewhere = outward.filter((rule) => at(rule, "CidrIp") !== "127.0.0.1/32").map((rule) => at(rule, "ToPort"));
  expect([...new Set(elsewhere)].sort()).toEqual([443, 9098]);
});

test("there is no NAT and no paid endpoint: S3 is reached through its gateway from every subnet", () => {
  expect(resourcesOf(stack, "AWS::EC2::NatGateway")).toEqual([]);
  const endpoints = resourcesOf(stack, "AWS::EC2::VPCEndpoint").map(({ properties }) => properties);
  expect(endpoints).toHaveLength(1);
  expect(endpoints[0]).toMatchObject({
    VpcEndpointType: "Gateway",
    ServiceName: "com.amazonaws.eu-west-1.s3",
    RouteTableIds: [idOf("PublicRouteTable"), idOf("BrokerRouteTable")],
  });
});

test("brokers have no route to the internet, the shim has", () => {
  const routes = resourcesOf(stack, "AWS::EC2::Route").map(({ properties }) => properties);
  expect(routes.map((route) => route["RouteTableId"])).toEqual([idOf("PublicRouteTable")]);
  const tableOf = (subnet: string): unknown =>
    resourcesOf(stack, "AWS::EC2::SubnetRouteTableAssociation").find(
      ({ properties }) => properties["SubnetId"] === idOf(subnet),
    )?.properties["RouteTableId"];
  for (const zone of ["A", "B", "C"]) {
    expect(tableOf(`BrokerSubnet${zone}`)).toBe(idOf("BrokerRouteTable"));
    expect(tableOf(`PublicSubnet${zone}`)).toBe(idOf("PublicRouteTable"));
  }
  const subnets = at(propertiesOf(stack, "ShimService"), "NetworkConfiguration.AwsvpcConfiguration.Subnets");
  expect(subnets).toEqual(["PublicSubnetA", "PublicSubnetB", "PublicSubnetC"].map(idOf));
});

test("subnets of a kind lie in different zones and do not overlap", () => {
  const subnets = resourcesOf(stack, "AWS::EC2::Subnet").map(({ properties }) => properties);
  expect(new Set(subnets.map((subnet) => subnet["CidrBlock"])).size).toBe(6);
  const zones = ["A", "B", "C"].map((zone) => propertiesOf(stack, `BrokerSubnet${zone}`)["AvailabilityZone"]);
  expect(new Set(zones).size).toBe(3);
});
