/**
 * Every durable fact of a service is a key in one of these. `data`: `ctx.state`; `step`, `effect`, `timer`, `signal`,
 * `budget`: durable steps; `agent`: what a port agent logs and checkpoints; `reply`: answers remembered so that a retried
 * request is applied once; `meta`: about the state itself.
 */
export const spaces = ["data", "step", "effect", "timer", "signal", "budget", "agent", "reply", "meta"] as const;
export type Space = (typeof spaces)[number];

/** The byte that stands for a space in log entries and in keys of the table. A space's code never changes. */
export const spaceCodes: Readonly<Record<Space, number>> = {
  data: 0,
  step: 1,
  effect: 2,
  timer: 3,
  signal: 4,
  budget: 5,
  agent: 6,
  reply: 7,
  meta: 8,
};

const byCode: readonly Space[] = [...spaces].sort((one, other) => spaceCodes[one] - spaceCodes[other]);

export function spaceOf(code: number): Space | undefined {
  return byCode[code];
}
