/** What the choice of an endpoint looks at. */
export interface Candidate {
  readonly inFlight: number;
  usable(now: number): boolean;
}

/**
 * The usable candidate with the fewest requests in flight; `turn`, a number that grows with every request, makes equals
 * take turns. Other strategies (weighted splits, stickiness) belong here.
 */
export function pickEndpoint<T extends Candidate>(candidates: readonly T[], turn: number, now: number): T | undefined {
  let best: T | undefined;
  const count = candidates.length;
  for (let i = 0; i < count; i++) {
    const candidate = candidates[(turn + i) % count];
    if (candidate?.usable(now) && (best === undefined || candidate.inFlight < best.inFlight)) best = candidate;
  }
  return best;
}
