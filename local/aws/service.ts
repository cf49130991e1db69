/**
 * What every local AWS service is: a set of operations behind the facade. The facade parses the protocol, finds the
 * caller by its access key, asks `permissions` and refuses with AccessDenied before `handle` runs.
 */
export type Principal = {
  /** `arn:aws:iam::000000000000:role/...` or `:user/operator`. */
  readonly arn: string;
  /** Logical id of the role in the template; `operator` for the person at the keyboard, who may do everything. */
  readonly roleId: string;
};

/** One IAM question. `context` holds condition keys, e.g. `iam:PassedToService`. */
export type Permission = {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
};

export type AwsRequest = {
  /** Operation name as in the API reference: `StartQueryExecution`, `PutObject`, `StartJobRun`. */
  readonly operation: string;
  /** Parsed input: JSON body, query-protocol parameters, or path parameters merged with the body for REST-JSON. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
};

export type AwsResponse = {
  readonly status?: number;
  /** JSON or query shape; a Date becomes epoch seconds (JSON) or ISO (XML). Bytes are sent as they are. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** REST-JSON: where an operation is found, and what of its input is not in the path, the query or a JSON body. */
export type AwsRoute = {
  readonly method: string;
  /** `/applications/{applicationId}/jobruns`; `{name+}` takes the rest of the path. */
  readonly path: string;
  readonly operation: string;
  /** Input member → header name, e.g. `InvocationType: "x-amz-invocation-type"`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Input member that is the raw body (Uint8Array), e.g. `Payload`. */
  readonly payload?: string;
};

export type AwsService = {
  /** Endpoint segment and SDK service id in kebab-case: `athena`, `emr-serverless`, `sns`, `lambda`, `kafka`. */
  readonly name: string;
  readonly protocol: "json-1.0" | "json-1.1" | "rest-json" | "query";
  /** REST-JSON only: method + path template (`/applications/{applicationId}/jobruns`) → operation. */
  readonly routes?: readonly AwsRoute[];
  /** Everything AWS would check for this call, implied calls included. An empty list means AWS checks nothing. */
  permissions(request: AwsRequest): readonly Permission[] | Promise<readonly Permission[]>;
  /** Throws AwsError for what the service refuses; anything it does not know is UnknownOperationException. */
  handle(request: AwsRequest): Promise<AwsResponse>;
};

/** An error in the shape of AWS: the SDK turns it into an exception named `code`. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** Asks IAM on behalf of a principal; used by services for the calls that AWS makes behind a call. */
export type Authorizer = {
  /** Throws AwsError AccessDeniedException (status 403), naming principal, action and resource, at the first refusal. */
  check(principal: Principal, permissions: readonly Permission[]): Promise<void>;
  /** The principal of a role given by logical id or ARN. Throws when the template has no such role. */
  roleByArn(arn: string): Principal;
};

/** Every call that was asked of IAM, kept for the least-privilege test. */
export type AuthorizedCall = {
  readonly roleId: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
};
