/** The account and region that exist on one machine. Not secret: the access keys below work on loopback only. */
export const localAccount = { accountId: "000000000000", region: "eu-west-1", partition: "aws" } as const;

/** Longest common form of an ARN of ours. */
export const arn = (service: string, resource: string, region: string = localAccount.region): string =>
  `arn:${localAccount.partition}:${service}:${region}:${localAccount.accountId}:${resource}`;
