import { readFileSync } from "node:fs";

/** Of 1,000, as much as all of the machine's memory weighs: what systemd gives a user's programs. */
const servicesMore = 200;
const most = 1_000;
let own: number | undefined;

/** The preference by which a process is ended before this one when the machine has no memory left (proc_pid_oom_score_adj(5)). */
export function endedBeforeThis(): number {
  own ??= Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
  return Math.min(most, own + servicesMore);
}
