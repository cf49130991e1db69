/** An engine that accepts a connection and then says nothing must not hold up the look at it. */
const answerWithinMs = 5_000;

/** One request of a readiness check; throws when there is no answer in time. */
export const probe = (url: string, request: RequestInit = {}): Promise<Response> =>
  fetch(url, { ...request, signal: AbortSignal.timeout(answerWithinMs) });
