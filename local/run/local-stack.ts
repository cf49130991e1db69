/** The stage that the packaged template is made for here, and the stack's name as `serverless deploy` would give it. */
export const localStack = { stage: "local", name: "wikilake-local" } as const;
