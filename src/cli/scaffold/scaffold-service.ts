import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namePattern, SoloError } from "../../api/index.ts";
import { companions, programs, type TemplateName } from "./templates.ts";

export interface ScaffoldOptions {
  /** Absolute path of the folder to fill; made when it is missing. */
  readonly directory: string;
  /** The new service's name. */
  readonly name: string;
  readonly template: TemplateName;
}

/**
 * Writes a service that runs as it stands: its program, its `solo.toml`, and the types that an editor needs. Either all of
 * its files are written, or none.
 *
 * @returns the names of the files written, in the folder
 * @throws SoloError `invalid_name`; `conflict` when one of the files exists; `io_error` when the folder can't be made
 */
export function scaffoldService({ directory, name, template }: ScaffoldOptions): string[] {
  if (!namePattern.test(name)) {
    throw new SoloError("invalid_name", `invalid name ${JSON.stringify(name)}: use 1 to 64 of A-Z a-z 0-9 _ -`);
  }
  const files = { "service.ts": programs[template], ...companions(name) };
  const present = Object.keys(files).filter((file) => existsSync(join(directory, file)));
  if (present.length > 0) {
    throw new SoloError("conflict", `${directory} already has ${present.join(", ")}`, {
      hint: "choose another folder; nothing was written",
    });
  }
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SoloError("io_error", `${directory}: can't be made (${reason})`, {
      hint: "choose a folder that you may write to",
      cause: error,
    });
  }
  return writeAll(directory, files);
}

function writeAll(directory: string, files: Readonly<Record<string, string>>): string[] {
  const written: string[] = [];
  try {
    for (const [file, text] of Object.entries(files)) {
      // "wx": not even a file that has appeared meanwhile is overwritten.
      writeFileSync(join(directory, file), text, { flag: "wx" });
      written.push(file);
    }
    return written;
  } catch (error) {
    for (const file of written) rmSync(join(directory, file), { force: true });
    throw error;
  }
}
