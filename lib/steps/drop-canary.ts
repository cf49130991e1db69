import { isJsonObject, type JsonObject } from "./parse-record.ts";

/** The source's own test events carry this domain and little else; they prove that an idle link is alive. */
export const canaryDomain = "canary";

/** Source topic of a canary (`undefined` inside when it names none), or undefined for an ordinary event. */
export function findCanary(value: JsonObject): { readonly sourceTopic: string | undefined } | undefined {
  const meta = value["meta"];
  if (!isJsonObject(meta) || meta["domain"] !== canaryDomain) return undefined;
  const topic = meta["topic"];
  return { sourceTopic: typeof topic === "string" ? topic : undefined };
}
