/** The instances that a rollout works on, whatever they are. */
export interface Fleet<Unit> {
  /** Starts an instance of the new revision; resolves when it is ready, rejects (leaving nothing) when it doesn't get there. */
  startNew(): Promise<Unit>;
  /** The same for the old revision, to undo a rollout that failed on its way. Rejects only when everything is called off. */
  startOld(): Promise<Unit>;
  /** Drains and stops an instance. */
  stop(unit: Unit): Promise<void>;
  progress(step: "start" | "replace", done: number, total: number): void;
}

export interface RollingPlan<Unit> {
  readonly old: readonly Unit[];
  /** Of a rollout that was broken off and goes on: instances of the new revision that are ready already. */
  readonly fresh?: readonly Unit[];
  /** And how many of the old one it had stopped. */
  readonly replaced?: number;
  readonly replicas: number;
  /** Instances of both revisions can't run side by side (a fixed port): each old one stops before its successor starts. */
  readonly recreate: boolean;
}

/** At most this share of the replicas is started beyond the wanted number (Kubernetes' default `maxSurge`). */
const surgeShare = 0.25;

/** A rollout that failed and was undone. */
export class RolloutFailure<Unit> extends Error {
  override readonly name = "RolloutFailure";
  /** The instances of the old revision that serve again or still. */
  readonly serving: readonly Unit[];

  constructor(serving: readonly Unit[], cause: unknown) {
    super("the new revision did not get ready", { cause });
    this.serving = serving;
  }
}

/**
 * Replaces the instances of a service by those of a new revision, a quarter of them at a time: the new ones are started
 * first, and as many old ones are stopped when they are ready, so that the number of ready instances never falls. When a
 * new one fails, those already replaced are started again from the old revision before the new ones are stopped.
 *
 * @returns the instances of the new revision
 * @throws RolloutFailure when a new instance failed and the old revision serves again
 */
export async function rollOut<Unit>(
  fleet: Fleet<Unit>,
  { old, fresh: found = [], replaced = 0, replicas, recreate }: RollingPlan<Unit>,
): Promise<Unit[]> {
  const remaining = [...old];
  const fresh = [...found];
  const before = old.length + replaced;
  try {
    while (fresh.length < replicas) {
      const missing = replicas - fresh.length;
      const batch = before === 0 ? missing : Math.min(batchSize(replicas), missing);
      if (recreate) await stopAll(fleet, remaining.splice(0, batch));
      fleet.progress("start", fresh.length, replicas);
      await startAll(batch, fleet.startNew, fresh);
      fleet.progress("replace", fresh.length, replicas);
      const surplus = Math.max(0, remaining.length + fresh.length - Math.max(replicas, before));
      await stopAll(fleet, remaining.splice(0, Math.max(surplus, fresh.length === replicas ? remaining.length : 0)));
    }
    await stopAll(fleet, [...remaining.splice(0), ...fresh.splice(replicas)]);
    return fresh;
  } catch (error) {
    if (recreate) await stopAll(fleet, fresh.splice(0));
    await startAll(before - remaining.length, fleet.startOld, remaining);
    await stopAll(fleet, fresh);
    throw new RolloutFailure(remaining, error);
  }
}

function batchSize(replicas: number): number {
  return Math.max(1, Math.ceil(replicas * surgeShare));
}

/** Starts `count` at once. Those that got ready are in `into` even when another one failed. */
async function startAll<Unit>(count: number, start: () => Promise<Unit>, into: Unit[]): Promise<void> {
  const outcomes = await Promise.allSettled(Array.from({ length: Math.max(0, count) }, () => start()));
  for (const outcome of outcomes) if (outcome.status === "fulfilled") into.push(outcome.value);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function stopAll<Unit>(fleet: Fleet<Unit>, units: readonly Unit[]): Promise<void> {
  await Promise.all(units.map((unit) => fleet.stop(unit)));
}
