import { isAbsolute, resolve } from "node:path";
import { SoloError } from "../../api/index.ts";
import type { Session } from "../session.ts";

/**
 * A file or folder that a service has at run time, absolute. `flag` is what messages call its place.
 * @throws SoloError `usage` for a relative one when the service is to run on another machine
 */
export function servicePath(path: string, flag: string, { isLocal }: Pick<Session, "isLocal">): string {
  if (isLocal || isAbsolute(path)) return resolve(process.cwd(), path);
  throw new SoloError("usage", `${flag} ${path}: that is on this machine, and the service runs on another one`, {
    hint: "give an absolute path of the kernel's machine",
  });
}
