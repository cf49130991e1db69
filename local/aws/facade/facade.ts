import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Logger } from "../../../lib/platform/logger.ts";
import type { IamAuthorizer } from "../iam/authorizer.ts";
import { AwsError, type AwsService, type Principal } from "../service.ts";
import { authenticate, signatureLifeMs } from "./authenticate.ts";
import { readBody } from "./body.ts";
import { awsEnvironment } from "./environment.ts";
import { jsonProtocol } from "./json-protocol.ts";
import { listenOnLoopback } from "./loopback.ts";
import type { Credentials, Principals } from "./principals.ts";
import { type Answer, type Call, header, type Protocol } from "./protocol.ts";
import { queryProtocol } from "./query-protocol.ts";
import { toAwsError } from "./refusals.ts";
import { restJsonProtocol } from "./rest-json-protocol.ts";

export type FacadeDeps = {
  readonly services: readonly AwsService[];
  readonly principals: Principals;
  readonly authorizer: Pick<IamAuthorizer, "check" | "calls">;
  readonly logger: Logger;
  /** Addresses of services with a port of their own, by SDK service id in kebab-case: `{ s3: "http://127.0.0.1:…" }`. */
  readonly otherEndpoints?: Readonly<Record<string, string>>;
  /** 0 or absent: a free one. */
  readonly port?: number;
  readonly requestId?: () => string;
  /** Real time, also when a run is sped up: SDKs sign with the machine's clock. */
  readonly now?: () => number;
};

export type Facade = {
  readonly port: number;
  /** Endpoint of a service for an SDK. */
  url(service: string): string;
  /** Adds a service after the start: some need the facade's address themselves. */
  add(service: AwsService): void;
  issueCredentials(principal: Principal): Credentials;
  /** Variables for a unit that runs as `principal`. */
  environment(principal: Principal): Record<string, string>;
  calls(): ReturnType<IamAuthorizer["calls"]>;
  close(): Promise<void>;
};

type Registered = { readonly service: AwsService; readonly protocol: Protocol };

/** Serves AWS APIs on one loopback port: `/<service>/…`. Every call is authenticated by key and asked of IAM. */
export async function createFacade(deps: FacadeDeps): Promise<Facade> {
  const { principals, authorizer, requestId = randomUUID } = deps;
  const registered = new Map<string, Registered>();
  const add = (service: AwsService): void => {
    registered.set(service.name, { service, protocol: protocolOf(service) });
  };
  for (const service of deps.services) add(service);
  const server = createServer((request, response) => {
    void answer(request, { ...deps, registered }, requestId()).then((result) => send(response, result));
  });
  const { port, close } = await listenOnLoopback(server, deps.port);
  const url = (service: string): string => `http://127.0.0.1:${port}/${service}`;
  const endpoints = (): Record<string, string> => ({
    ...Object.fromEntries([...registered.keys()].map((name) => [name, url(name)])),
    ...deps.otherEndpoints,
  });
  return {
    port,
    url,
    add,
    issueCredentials: principals.issue,
    environment: (principal) => awsEnvironment(endpoints(), principals.issue(principal)),
    calls: authorizer.calls,
    close,
  };
}

function protocolOf(service: AwsService): Protocol {
  if (service.protocol === "rest-json") return restJsonProtocol;
  if (service.protocol === "query") return queryProtocol(service.name);
  return jsonProtocol(service.protocol === "json-1.0" ? "1.0" : "1.1");
}

type AnswerDeps = FacadeDeps & { readonly registered: ReadonlyMap<string, Registered> };

async function answer(request: IncomingMessage, deps: AnswerDeps, requestId: string): Promise<Answer> {
  // Split by hand: URL would decode, and throw for some of what a socket can send.
  const [pathname = "", search = ""] = (request.url ?? "/").split("?", 2);
  const [, name = "", ...rest] = pathname.split("/");
  const found = deps.registered.get(name);
  const protocol = found?.protocol ?? jsonProtocol("1.1");
  try {
    const body = await readBody(request);
    if (!found)
      throw new AwsError("UnknownOperationException", `There is no local service ${JSON.stringify(name)}`, 404);
    const call = {
      method: request.method ?? "GET",
      path: `/${rest.join("/")}`,
      query: new URLSearchParams(search),
      headers: request.headers,
      body,
    };
    return await serve(found, call, deps, requestId);
  } catch (error) {
    return protocol.failure(refusal(error, name, deps.logger, requestId), requestId);
  }
}

async function serve(
  { service, protocol }: Registered,
  call: Call,
  deps: AnswerDeps,
  requestId: string,
): Promise<Answer> {
  const signed = { authorization: header(call, "authorization"), date: header(call, "x-amz-date"), query: call.query };
  const principal = authenticate(signed, deps.principals, (deps.now ?? Date.now)(), signatureLifeMs.services);
  const parsed = { ...protocol.parse(call, service), principal };
  await deps.authorizer.check(principal, await service.permissions(parsed));
  return protocol.success(await service.handle(parsed), parsed.operation, requestId);
}

function refusal(error: unknown, service: string, logger: Logger, requestId: string): AwsError {
  const refused = toAwsError(error, service);
  if (refused.status === 403) logger.warn("aws-call-refused", { service, reason: refused.message, requestId });
  if (!(error instanceof AwsError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error("aws-call-failed", { service, error: text, requestId });
  }
  return refused;
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  // A body past the bound is not read to its end: the connection cannot carry another request.
  const closing = status === 413 ? { connection: "close" } : {};
  response.writeHead(status, { ...headers, ...closing, "content-length": Buffer.byteLength(body) });
  response.end(body);
}
