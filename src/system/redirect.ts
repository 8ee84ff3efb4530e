import { libc, systemError } from "./libc.ts";

/** Makes a descriptor number refer to the file of another one (dup2(2)), such as 1 and 2 to a log file. */
export function redirect(fd: number, target: number): void {
  if (libc().dup2(fd, target) < 0) throw systemError("dup2", `${fd} to ${target}`);
}
