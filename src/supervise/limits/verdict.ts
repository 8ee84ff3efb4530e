/** What is bounded. In bytes, cores, or numbers. */
export type LimitedResource = "memory" | "cpu" | "processes" | "files" | "calls" | "queue" | "restarts" | "disk";

/** How the use of a resource stands to its limit, as it was told last. */
export type Standing = "calm" | "near" | "over";

/** From this share of a limit on it is told that it is near. */
const warnShare = 0.8;
/** Told again only after the use has been below this share: one that swings about a limit is told once. */
const calmShare = 0.7;

/** How it stands now. A change to `near` or `over` is to be told. What may be used in full is over when it is more. */
export function standingOf(before: Standing, current: number, limit: number): Standing {
  if (current > limit) return "over";
  if (current < limit * calmShare) return "calm";
  if (before === "calm") return current >= limit * warnShare ? "near" : "calm";
  return before;
}

/** Whether a change has to be told: each crossing once. */
export function isNews(before: Standing, now: Standing): boolean {
  return (now === "over" && before !== "over") || (now === "near" && before === "calm");
}
