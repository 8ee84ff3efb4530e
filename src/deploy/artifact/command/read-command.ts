import { createHash } from "node:crypto";
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { SoloError } from "../../../api/index.ts";
import { contentDigest } from "./content-digest.ts";
import { checkFormat } from "./executable-format.ts";

/** Largest argument file that counts for the digest: scripts and configuration, not data. */
const maxArgumentFileBytes = 16_777_216;

/**
 * Finds a command's executable, checks that the system would execute it, and digests what decides its behaviour: the
 * executable's content and that of every argument that names an existing file, so that an edited script or
 * configuration file makes a new revision.
 *
 * @param command the executable and its arguments
 * @param cwd what relative paths are relative to
 * @throws SoloError `file_not_found`, `not_executable`
 */
export async function readCommand(
  command: readonly string[],
  cwd: string,
): Promise<{ readonly executable: string; readonly digest: string }> {
  const [name, ...args] = command;
  if (name === undefined || name === "") throw new SoloError("invalid_request", "a command service needs a command");
  const executable = find(name, cwd);
  checkExecutable(executable);
  const hash = createHash("sha256").update(`solo command 1\n${await contentDigest(executable)}\n`);
  for (const [index, arg] of args.entries()) {
    const path = resolve(cwd, arg);
    if (isSmallFile(path)) hash.update(`${index} ${await contentDigest(path)}\n`);
  }
  return { executable, digest: hash.digest("hex") };
}

function find(name: string, cwd: string): string {
  if (name.includes("/")) return resolve(cwd, name);
  const found = Bun.which(name, { PATH: process.env.PATH ?? "", cwd });
  if (found !== null) return found;
  const here = resolve(cwd, name);
  throw new SoloError("file_not_found", `there is no program ${JSON.stringify(name)} in the kernel's PATH`, {
    hint: statSync(here, { throwIfNoEntry: false })
      ? `write ./${name} for the file ${here}`
      : "install it, or give its full path",
  });
}

function checkExecutable(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new SoloError("file_not_found", `${path} does not exist`, { hint: "check the path" });
  if (!stats.isFile())
    throw new SoloError("not_executable", `${path} is not a regular file`, {
      hint: "give the path of the program itself",
    });
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new SoloError("not_executable", `${path} may not be executed`, { hint: `chmod +x ${path}` });
  }
  checkFormat(path);
}

function isSmallFile(path: string): boolean {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size <= maxArgumentFileBytes;
  } catch {
    // Most arguments are no paths at all, and some can't even be looked up: a script given to `sh -c` is too long for a name.
    return false;
  }
}
