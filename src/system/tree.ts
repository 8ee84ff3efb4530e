import { childrenOf, descendantsOf, isRunning, readEnvironment, readStat } from "./proc.ts";
import type { ProcessStat } from "./process-stat.ts";

/** The process an instance was started as. Without a start time whatever has the pid now is taken for it. */
export interface TreeRoot {
  readonly pid: number;
  readonly startTime?: number | undefined;
}

/** The environment variable that every process of an instance inherits, and this instance's value of it. */
export interface TreeMarker {
  readonly name: string;
  readonly value: string;
}

/** Where to look for an instance's processes. */
export interface TreeQuery {
  readonly root: TreeRoot;
  readonly marker: TreeMarker;
  /** Subreapers to whose children orphans of this instance may belong now (the guardian, the kernel, init). */
  readonly orphanParents: readonly number[];
  /** Children of those that are known to belong to someone else, such as roots of other instances: saves reading them. */
  readonly skip?: ReadonlySet<number> | undefined;
}

/**
 * Every live process of an instance, the root first: all descendants, and the orphans whose session is the instance's or
 * whose environment carries the marker, with their descendants. Zombies don't count. The cost follows the size of the
 * tree and the number of orphans, not the number of processes on the machine.
 *
 * An orphan that both left the session and wiped its environment can't be told from a stranger; `known` (processes seen in
 * the tree earlier) keeps hold of it if it was ever seen below its parent.
 */
export function processTree(query: TreeQuery, known: readonly ProcessStat[] = []): ProcessStat[] {
  const members = new Map<number, ProcessStat>();
  for (const seed of [rootOf(query.root), ...known.map(stillRunning)]) {
    if (seed) addWithDescendants(members, seed);
  }
  adoptOrphans(members, query);
  return [...members.values()];
}

/** Sessions that only processes of the tree can be in: those led by one of its members, and the root's own. */
export function ownSessions(query: TreeQuery, members: Iterable<ProcessStat>): Set<number> {
  const sessions = new Set<number>();
  if (!isReused(query.root)) sessions.add(query.root.pid);
  for (const member of members) if (member.sid === member.pid) sessions.add(member.sid);
  return sessions;
}

function rootOf(root: TreeRoot): ProcessStat | undefined {
  const stat = readStat(root.pid);
  return isRunning(stat) && (root.startTime === undefined || stat.startTime === root.startTime) ? stat : undefined;
}

function stillRunning({ pid, startTime }: ProcessStat): ProcessStat | undefined {
  return rootOf({ pid, startTime });
}

/** A pid stays reserved while its session has members, so a stranger with the root's pid means that the session is over. */
function isReused(root: TreeRoot): boolean {
  const stat = readStat(root.pid);
  return stat !== undefined && root.startTime !== undefined && stat.startTime !== root.startTime;
}

function addWithDescendants(members: Map<number, ProcessStat>, seed: ProcessStat): void {
  if (members.has(seed.pid)) return;
  members.set(seed.pid, seed);
  for (const pid of descendantsOf(seed.pid)) {
    const stat = members.has(pid) ? undefined : readStat(pid);
    if (isRunning(stat)) members.set(pid, stat);
  }
}

/** An orphan may bring a session with it that explains another orphan, hence the loop; each turn adds at least one. */
function adoptOrphans(members: Map<number, ProcessStat>, query: TreeQuery): void {
  const candidates = readOrphans(members, query);
  const environments = new Map<number, boolean | undefined>();
  for (let grew = true; grew; ) {
    grew = false;
    const sessions = ownSessions(query, members.values());
    for (const candidate of candidates) {
      if (members.has(candidate.pid)) continue;
      if (!environments.has(candidate.pid)) environments.set(candidate.pid, isMarked(candidate.pid, query.marker));
      const marked = environments.get(candidate.pid);
      if (!(marked ?? sessions.has(candidate.sid))) continue;
      addWithDescendants(members, candidate);
      grew = true;
    }
  }
}

function readOrphans(members: Map<number, ProcessStat>, { orphanParents, skip }: TreeQuery): ProcessStat[] {
  const orphans: ProcessStat[] = [];
  const reapers = new Set(orphanParents);
  for (const parent of reapers) {
    for (const pid of childrenOf(parent)) {
      if (skip?.has(pid) || reapers.has(pid) || pid === process.pid || members.has(pid)) continue;
      const stat = readStat(pid);
      if (isRunning(stat)) orphans.push(stat);
    }
  }
  return orphans;
}

/** Whether the environment names this instance; `undefined` when it says nothing about any. */
function isMarked(pid: number, { name, value }: TreeMarker): boolean | undefined {
  const found = readEnvironment(pid)?.get(name);
  return found === undefined ? undefined : found === value;
}
