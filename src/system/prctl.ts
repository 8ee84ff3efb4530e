import { libc, systemError } from "./libc.ts";

/**
 * Makes orphans among this process's descendants its children instead of init's (PR_SET_CHILD_SUBREAPER, prctl(2)). Not
 * inherited. Whoever sets it must reap them: see `reapOrphans`.
 */
export function setSubreaper(): void {
  control(setChildSubreaper, 1, "PR_SET_CHILD_SUBREAPER");
}

/** Has the kernel send this process a signal when the thread that started it ends (PR_SET_PDEATHSIG, prctl(2)). */
export function setParentDeathSignal(signal: number): void {
  control(setPdeathsig, signal, "PR_SET_PDEATHSIG");
}

const setPdeathsig = 1;
const setChildSubreaper = 36;

function control(option: number, value: number, name: string): void {
  if (libc().prctl(option, value, 0, 0, 0) !== 0) throw systemError("prctl", name);
}
