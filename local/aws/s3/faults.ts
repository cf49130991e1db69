/** A request as the hooks see it. */
export type S3Call = {
  readonly operation: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** Logical id of the caller's role. */
  readonly roleId: string;
};

/** `answer`: this error instead; `lose`: the connection breaks without an answer. */
export type S3Fault =
  | { readonly kind: "answer"; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: "lose" };

/** Where tests make S3 fail. A hook that waits makes the request slow. Nothing sets them in a normal run. */
export type S3Hooks = {
  /** Before the request has any effect: `lose` means it was never done. */
  before?(call: S3Call): Promise<S3Fault | undefined> | S3Fault | undefined;
  /** After it was done, with its status: `lose` is the answer that never arrives. */
  after?(call: S3Call, status: number): Promise<S3Fault | undefined> | S3Fault | undefined;
};
