/** An engine that accepts a connection and then says nothing must not hold up the look at it. */
const answerWithinMs = 3_000;

/** One GET of a readiness check; throws when there is no answer in time. */
export const probe = (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(answerWithinMs) });
