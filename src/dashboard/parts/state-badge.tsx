/** @jsxImportSource preact */

/** A state in its word and colour. The colour says nothing that the word does not. */
export function StateBadge({ state }: { readonly state: string }) {
  return <span class={`badge ${tones.get(state) ?? "neutral"}`}>{state.replaceAll("_", " ")}</span>;
}

const tones: ReadonlyMap<string, string> = new Map([
  ...["ready", "completed", "healthy", "valid", "done", "closed"].map((state) => [state, "good"] as const),
  ...["starting", "draining", "stopping", "degraded", "backoff", "half_open", "unknown", "expired"].map(
    (state) => [state, "fair"] as const,
  ),
  ...["unhealthy", "failed", "crash_loop", "refused", "revoked", "open", "damaged"].map(
    (state) => [state, "bad"] as const,
  ),
]);
