/** Results that one run may hold; those of the service's own run are never forgotten. */
export const maxRunSteps = 10_000;

/** How long a finished run is remembered, and how many at most: within it, running it again answers its result. */
export const runRetentionMs = 24 * 60 * 60 * 1_000;
export const maxFinishedRuns = 10_000;

/** Runs that may be unfinished at once. */
export const maxUnfinishedRuns = 10_000;

/** Effects that may be kept at once, unknown ones among them; those of a run go with it. */
export const maxEffects = 20_000;

/** Signals that wait for somebody to take them. */
export const maxWaitingSignals = 10_000;

/** Ids of delivered signals that are remembered, so that one delivered again is not taken twice. */
export const signalIdsKept = 256;

/** How long an answer is held back for something to happen, before the host asks again. */
export const holdMs = 10_000;
