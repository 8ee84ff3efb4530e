import type { ProcessIdentity } from "../../system/index.ts";
import type { Kernel } from "../kernel.ts";

/**
 * What recorded the uses of a process has ended before it: every call that would be recorded fails now. Ends that process too; how
 * its service goes on is the restart policy's.
 */
export function recorderLost(kernel: Kernel, id: string, { pid }: ProcessIdentity): void {
  const instance = [...kernel.supervisor.all()].find((one) => one.id === id);
  if (instance?.pid !== pid) return;
  const { tenant, name } = instance.plan.ref;
  kernel.emit({ tenant, event: "recorder_lost", subject: `${tenant}/${name}/${id}`, data: { pid } });
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}
