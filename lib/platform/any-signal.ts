/**
 * A signal that is aborted with the first of `sources`, and then listens to none of them any more. Not AbortSignal.any: in
 * Node 24 that one holds its sources weakly and asks them only when it is asked itself, so a source that was aborted and
 * then collected is never heard of (`start --for` hung after the lake was gone; Node 24.21).
 */
export function anySignal(...sources: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  for (const source of sources) {
    if (source.aborted) controller.abort(source.reason);
    else source.addEventListener("abort", () => controller.abort(source.reason), { once: true, signal });
  }
  return signal;
}
