import { localAccount } from "../account.ts";
import type { Credentials } from "./principals.ts";

/** Variables by which an AWS SDK finds the local services: one address each, credentials, region. */
export function awsEnvironment(
  endpoints: Readonly<Record<string, string>>,
  { accessKeyId, secretAccessKey }: Credentials,
): Record<string, string> {
  const addresses = Object.entries(endpoints).map(([service, url]) => [`AWS_ENDPOINT_URL_${variableOf(service)}`, url]);
  return {
    ...Object.fromEntries(addresses),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: localAccount.region,
    AWS_DEFAULT_REGION: localAccount.region,
    // No SDK here may ask the metadata address of a real machine, or read a person's own profile.
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

/** `emr-serverless` → `EMR_SERVERLESS`: the service id as the SDKs spell it in variables. */
const variableOf = (service: string): string => service.toUpperCase().replaceAll("-", "_");
