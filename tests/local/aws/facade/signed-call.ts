import type { TestFacade } from "./contract-services.ts";

/** A call without an SDK client, for services that no unit has a client of. */
export async function signedCall(
  facade: TestFacade,
  service: string,
  role: string | undefined,
  target: string,
  body: string,
) {
  const { accessKeyId } = facade.client(service, role).credentials;
  const headers = {
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    ...(target === "" ? { "content-type": "application/x-www-form-urlencoded" } : { "x-amz-target": target }),
  };
  const response = await fetch(`${facade.facade.url(service)}/`, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}
