import { closeSync } from "node:fs";
import { hostVariables, type ServiceSpec } from "../api/index.ts";
import { isRunning, openPidfd, type ProcessIdentity, readEnvironment, readStat } from "../system/index.ts";
import type { ProcessHandle } from "./launch.ts";
import type { ProcessExit } from "./restart-policy.ts";
import type { InstanceRecord, SuperviseRuntime } from "./runtime.ts";

/** How long the guardian may take to write down the exit status of a process that it reaped. */
const exitRecordWaitMs = 1_000;

/**
 * Takes over a process that a former kernel started, when it still is that very process: same pid, same start time, same
 * boot, and the instance's name in its environment. Undefined when it is gone.
 */
export function adoptProcess(
  runtime: SuperviseRuntime,
  record: InstanceRecord,
  bootId: string,
): ProcessHandle | undefined {
  const { pid, startTime } = record;
  if (pid === null || startTime === null || record.bootId !== bootId) return undefined;
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) return undefined;
  const marker = readEnvironment(pid)?.get(hostVariables.instance);
  const stat = readStat(pid);
  // A program may clear its own environment (nginx rewrites it for its title), so only a foreign marker disproves it.
  if (!isRunning(stat) || stat.startTime !== startTime || (marker !== undefined && marker !== record.id)) {
    closeSync(pidfd);
    return undefined;
  }
  const exited = new Promise<ProcessExit>((resolve) => {
    const watch = runtime.poller.watch(pidfd, () => {
      watch.close();
      closeSync(pidfd);
      resolve(runtime.formerExit({ pid, startTime }, exitRecordWaitMs));
    });
  });
  return { pid, startTime, exited };
}

/** How a process ended that is gone, or about to be: a zombie's parent has yet to write down its exit. */
export function exitOfLost(runtime: SuperviseRuntime, identity: ProcessIdentity): Promise<ProcessExit> {
  const isZombie = readStat(identity.pid)?.startTime === identity.startTime;
  return runtime.formerExit(identity, isZombie ? exitRecordWaitMs : 0);
}

/** Whether a kernel that died within a pause of a throttle, the service's or its tenant's, left processes stopped. */
export function mayBeStopped(pid: number, { limits }: ServiceSpec): boolean {
  return readStat(pid)?.state === "T" || limits?.action === "throttle";
}
