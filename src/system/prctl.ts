import { libc, systemError } from "./libc.ts";

/**
 * Makes orphans among this process's descendants its children instead of init's (PR_SET_CHILD_SUBREAPER, prctl(2)). Not
 * inherited. Whoever sets it must reap them: see `reapOrphans`.
 */
export function setSubreaper(on = true): void {
  control(setChildSubreaper, on ? 1 : 0, "PR_SET_CHILD_SUBREAPER");
}

const setChildSubreaper = 36;

function control(option: number, value: number, name: string): void {
  if (libc().prctl(option, value, 0, 0, 0) !== 0) throw systemError("prctl", name);
}
