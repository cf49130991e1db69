/** What a shell sees. 2 is the convention for wrong use, 130 for Ctrl-C (128 + SIGINT). */
export const exitCodes = { ok: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const;
