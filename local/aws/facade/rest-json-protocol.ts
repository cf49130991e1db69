import { AwsError, type AwsResponse, type AwsRoute, type AwsService } from "../service.ts";
import { jsonFailure, parseObject, stringify } from "./json-protocol.ts";
import { type Answer, type Call, header, type ParsedCall, type Protocol } from "./protocol.ts";

/** REST-JSON: method and path name the operation; the input comes from path, query, headers and body. */
export const restJsonProtocol: Protocol = {
  parse: (call, service) => {
    const { route, parameters } = findRoute(call, service);
    return {
      operation: route.operation,
      input: { ...queryInput(call.query), ...bodyInput(call, route), ...parameters },
    };
  },
  success: ({ status = 200, body, headers = {} }: AwsResponse, _operation, requestId): Answer => {
    const raw = body instanceof Uint8Array;
    const contentType = raw ? "application/octet-stream" : "application/json";
    return {
      status,
      headers: { "content-type": contentType, "x-amzn-requestid": requestId, ...headers },
      body: raw ? body : body === undefined || status === 204 ? "" : stringify(body),
    };
  },
  failure: (error, requestId) => jsonFailure(error, requestId, "application/json"),
};

type Match = { readonly route: AwsRoute; readonly parameters: Readonly<Record<string, string>> };

function findRoute({ method, path }: Call, service: AwsService): Match {
  for (const route of service.routes ?? []) {
    if (route.method !== method) continue;
    const parameters = matchPath(route.path, path);
    if (parameters) return { route, parameters };
  }
  throw new AwsError("UnknownOperationException", `${service.name} has no operation for ${method} ${path}`, 404);
}

/** Parameters of `path` under a template, or undefined. Segments are compared encoded: an ARN's slash is `%2F`. */
function matchPath(template: string, path: string): Record<string, string> | undefined {
  const wanted = segments(template);
  const given = segments(path);
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const name = /^\{(.+?)\+?\}$/.exec(segment)?.[1];
    const value = segment.endsWith("+}") ? given.slice(index).join("/") : given[index];
    if (value === undefined || value === "") return undefined;
    if (name) parameters[name] = decode(value);
    else if (segment !== value) return undefined;
    if (segment.endsWith("+}")) return parameters;
  }
  return wanted.length === given.length ? parameters : undefined;
}

const segments = (path: string): readonly string[] => path.replace(/^\//, "").replace(/\/$/, "").split("/");

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new AwsError("ValidationException", "The path is not percent-encoded UTF-8");
  }
}

function queryInput(query: URLSearchParams): Record<string, unknown> {
  const names = new Set(query.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

function bodyInput(call: Call, route: AwsRoute): ParsedCall["input"] {
  const headers = Object.entries(route.headers ?? {}).flatMap(([member, name]) => {
    const value = header(call, name);
    return value === undefined ? [] : [[member, value] as const];
  });
  const body = route.payload ? { [route.payload]: new Uint8Array(call.body) } : parseObject(call.body);
  return { ...Object.fromEntries(headers), ...body };
}
