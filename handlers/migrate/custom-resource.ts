import { z } from "zod";

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html */
export const customResourceSchema = z.looseObject({
  RequestType: z.enum(["Create", "Update", "Delete"]),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});
export type CustomResourceRequest = z.infer<typeof customResourceSchema>;

export type CustomResourceOutcome =
  | { readonly status: "SUCCESS"; readonly data: Readonly<Record<string, string>> }
  | { readonly status: "FAILED"; readonly reason: string };

/** One name for good: a changed one would make CloudFormation delete the old resource. */
const physicalId = "wikilake-tables";
/** CloudFormation takes 4096 bytes in all. */
const maxReasonChars = 1000;
const attempts = 3;

/** Answers CloudFormation, which waits for an hour when nobody does. Throws when the answer cannot be delivered. */
export async function answer(
  request: CustomResourceRequest,
  outcome: CustomResourceOutcome,
  put: (url: string, body: string) => Promise<{ readonly ok: boolean }>,
): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = physicalId } = request;
  const identity = { PhysicalResourceId, StackId, RequestId, LogicalResourceId };
  const result =
    outcome.status === "SUCCESS"
      ? { Status: outcome.status, Data: outcome.data }
      : { Status: outcome.status, Reason: outcome.reason.slice(0, maxReasonChars) };
  const body = JSON.stringify({ ...result, ...identity });
  for (let count = 1; count <= attempts; count += 1) {
    const { ok } = await put(request.ResponseURL, body).catch(() => ({ ok: false }));
    if (ok) return;
  }
  throw new Error("CloudFormation did not take the answer");
}

/** An empty content type is what the presigned URL was signed for. */
export async function putAnswer(url: string, body: string): Promise<{ readonly ok: boolean }> {
  return fetch(url, { method: "PUT", body, headers: { "content-type": "" } });
}
