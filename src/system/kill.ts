import { closeSync } from "node:fs";
import { type Clock, systemClock } from "./clock.ts";
import { openPidfd, sendSignalByPidfd } from "./pidfd.ts";
import { isSameProcess, type ProcessIdentity } from "./proc.ts";
import type { ProcessStat } from "./process-stat.ts";
import { ownSessions, processTree, type TreeQuery } from "./tree.ts";

/** Sends a signal to every process of the tree once. Answers with those that were there. */
export function signalTree(query: TreeQuery, signal: number): ProcessStat[] {
  const members = processTree(query);
  signalMembers(query, members, signal);
  return members;
}

export interface KillTreeOptions {
  /** How long to go on, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock?: Clock;
}

/**
 * SIGKILLs the whole tree, again and again, because a process may fork between being found and being hit, until two looks
 * in a row find nothing or the time is over. Answers with what remains: empty, except for processes that the operating
 * system can't end now (state `D`).
 */
export async function killTree(query: TreeQuery, options: KillTreeOptions): Promise<ProcessStat[]> {
  const clock = options.clock ?? systemClock;
  const deadline = clock.monotonic() + options.deadlineMs;
  let known: ProcessStat[] = [];
  let pauseMs = firstPauseMs;
  for (let emptyLooks = 0; ; ) {
    const members = processTree(query, known);
    emptyLooks = members.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === 2) return [];
    if (members.length > 0) {
      if (clock.monotonic() >= deadline) return members;
      known = members;
      signalMembers(query, members, SIGKILL);
      await Bun.sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}

/**
 * Stops every process of the tree where it is (SIGSTOP), again and again, because one may fork between being found and being
 * hit, until two looks in a row find all of them standing still or the time is over. Answers with those that don't: empty,
 * except for processes that hang in the operating system (state `D`).
 */
export async function pauseTree(query: TreeQuery, options: KillTreeOptions): Promise<ProcessStat[]> {
  const clock = options.clock ?? systemClock;
  const deadline = clock.monotonic() + options.deadlineMs;
  for (let stillLooks = 0; ; ) {
    const moving = processTree(query).filter(({ state }) => state !== "T" && state !== "t");
    stillLooks = moving.length === 0 ? stillLooks + 1 : 0;
    if (stillLooks === 2) return [];
    if (moving.length === 0) continue;
    if (clock.monotonic() >= deadline) return moving;
    signalMembers(query, moving, SIGSTOP);
    await Bun.sleep(firstPauseMs);
  }
}

/** Lets a tree go on that was paused. */
export function resumeTree(query: TreeQuery): void {
  signalTree(query, SIGCONT);
}

/** Signals exactly this process, never a later one that was given its pid. False when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: number): boolean {
  const pidfd = openPidfd(identity.pid);
  if (pidfd === undefined) return false;
  try {
    return isSameProcess(identity) && sendSignalByPidfd(pidfd, signal);
  } finally {
    closeSync(pidfd);
  }
}

/**
 * SIGKILL goes to whole groups first: the operating system delivers it to a group atomically, so no fork within slips
 * away. Any other signal goes to each process once, since some act on the second one they get.
 */
function signalMembers(query: TreeQuery, members: readonly ProcessStat[], signal: number): void {
  if (signal === SIGKILL) {
    const sessions = ownSessions(query, members);
    const groups = new Set(members.filter(({ sid }) => sessions.has(sid)).map(({ pgid }) => pgid));
    for (const group of groups) signalGroup(group, signal);
  }
  for (const member of members) signalProcess(member, signal);
}

function signalGroup(group: number, signal: number): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Its last member ended meanwhile.
  }
}

const SIGKILL = 9;
/** These two are equal on x86-64 and arm64. */
const SIGCONT = 18;
const SIGSTOP = 19;
const firstPauseMs = 1;
const longestPauseMs = 50;
