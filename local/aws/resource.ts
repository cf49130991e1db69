/** One resource of the packaged template with conditions decided and intrinsic functions resolved. */
export type ResolvedResource = {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

/** What `Ref` and `Fn::GetAtt` give for a realised resource. */
export type RealisedResource = { readonly ref: string; readonly attributes: Readonly<Record<string, unknown>> };

/** Realises resources of the types it names. Creation must be idempotent: a second start finds yesterday's state. */
export type ResourceProvider = {
  readonly types: readonly string[];
  create(resource: ResolvedResource): Promise<RealisedResource>;
};
