import { type Group, type ServiceRef, SoloError, serviceKey } from "../api/index.ts";
import type { Instance } from "./instance.ts";

/** What restarting a group needs of its supervisor. */
export interface GroupHost {
  readonly clock: { monotonic(): number };
  /** Live and waiting instances of a service, oldest first; not those that are still on trial. */
  membersOf(ref: ServiceRef): Instance[];
  has(instance: Instance): boolean;
  settled(instance: Instance, signal: AbortSignal): Promise<void>;
  note(instance: Instance, text: string): void;
  /** A member is about to be stopped, to start again with the one that failed. */
  restarting(member: Instance, failed: Instance, group: Group): void;
}

/** The restart of some members of a group, from the first failure until all of them are up again. */
interface Round {
  readonly rank: (instance: Instance) => number;
  /** Who has to start, those that failed among them. */
  readonly members: Set<Instance>;
  readonly failed: Set<Instance>;
  /** Counts failures: the start that an earlier one began ends when a later one comes. */
  generation: number;
  stopping: Promise<void>;
  /** Monotonic time of the earliest start. */
  notBefore: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Restarts the members of a group together, as OTP's supervisors do: the others are stopped in reverse order, then all are
 * started in order, each once the one before it is ready. A failure on the way begins the round again, with whoever has not
 * started yet still in it.
 */
export class GroupRestarts {
  readonly #host: GroupHost;
  readonly #groups = new Map<string, Group>();
  readonly #rounds = new Map<string, Round>();
  #closed = false;

  constructor(host: GroupHost) {
    this.#host = host;
  }

  /** Declares a group anew. A service is in one group at most; the latest declaration counts. */
  declare(tenant: string, group: Group): void {
    for (const [key, former] of this.#groups) {
      if (former.name === group.name && key.startsWith(`${tenant}/`)) this.#groups.delete(key);
    }
    for (const name of group.services) this.#groups.set(serviceKey({ tenant, name }), group);
  }

  /** Takes over the restart of a failed instance. False when its group's strategy concerns nobody else. */
  takeOver(failed: Instance, delayMs: number): boolean {
    const { ref } = failed.plan;
    const group = this.#groups.get(serviceKey(ref));
    if (group === undefined || group.strategy === "one_for_one") return false;
    const key = `${ref.tenant}/${group.name}`;
    const round = this.#rounds.get(key) ?? newRound(group);
    this.#rounds.set(key, round);
    const others = this.#concerned(failed, group);
    for (const member of [failed, ...others]) round.members.add(member);
    round.failed.add(failed);
    for (const member of others) this.#host.restarting(member, failed, group);
    round.generation += 1;
    round.notBefore = Math.max(round.notBefore, this.#host.clock.monotonic() + delayMs);
    round.stopping = round.stopping.then(() => this.#stopInReverse(round, others));
    clearTimeout(round.timer);
    const { generation } = round;
    const pause = round.notBefore - this.#host.clock.monotonic();
    round.timer = setTimeout(() => void this.#start(key, round, generation), pause);
    return true;
  }

  /** Whether an instance was stopped only to be started again. */
  awaitsStart(instance: Instance): boolean {
    for (const { members } of this.#rounds.values()) if (members.has(instance)) return true;
    return false;
  }

  /** Someone stopped the instance for good: the round goes on without it. */
  drop(instance: Instance): void {
    for (const round of this.#rounds.values()) round.members.delete(instance);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#rounds.values()) clearTimeout(timer);
    this.#rounds.clear();
  }

  /** The running instances that restart with a failed one. */
  #concerned(failed: Instance, group: Group): Instance[] {
    const { ref } = failed.plan;
    const first = group.strategy === "one_for_all" ? 0 : group.services.indexOf(ref.name);
    return group.services
      .slice(first)
      .flatMap((name) => this.#host.membersOf({ tenant: ref.tenant, name }))
      .filter((instance) => instance !== failed && instance.pid !== null);
  }

  async #stopInReverse(round: Round, instances: readonly Instance[]): Promise<void> {
    for (const instance of [...instances].sort((one, other) => round.rank(other) - round.rank(one))) {
      if (this.#closed || !round.members.has(instance)) continue;
      await instance.stop().catch((error: unknown) => this.#host.note(instance, SoloError.from(error).message));
    }
  }

  async #start(key: string, round: Round, generation: number): Promise<void> {
    await round.stopping;
    const isOver = () => this.#closed || round.generation !== generation;
    for (const instance of [...round.members].sort((one, other) => round.rank(one) - round.rank(other))) {
      if (isOver()) return;
      if (!round.members.has(instance) || !this.#host.has(instance)) continue;
      if (!round.failed.has(instance)) instance.countRestart();
      instance.retry();
      const signal = AbortSignal.timeout(instance.plan.spec.health.grace_ms);
      // A member that fails again comes back through `takeOver`, or is not restarted by its policy: then the others are.
      await this.#host.settled(instance, signal).catch(() => undefined);
      if (isOver()) return;
      round.members.delete(instance);
      round.failed.delete(instance);
    }
    if (!isOver()) this.#rounds.delete(key);
  }
}

function newRound(group: Group): Round {
  return {
    rank: (instance) => group.services.indexOf(instance.plan.ref.name),
    members: new Set(),
    failed: new Set(),
    generation: 0,
    stopping: Promise.resolve(),
    notBefore: 0,
    timer: undefined,
  };
}
