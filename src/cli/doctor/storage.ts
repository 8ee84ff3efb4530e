import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { formatSize } from "../../api/index.ts";
import type { Paths } from "../../config/index.ts";
import { freeDiskBytes } from "../../system/index.ts";
import { error, type Finding, ok, warning } from "./finding.ts";

/** Whether Solo can keep what it must keep. Looks only; nothing is created. */
export function checkStorage(paths: Paths): Finding[] {
  return [dataDir(paths), disk(paths), clock(paths)];
}

function dataDir({ dataDir: folder }: Paths): Finding {
  const existing = nearestExisting(folder);
  const name = "data directory";
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    return error(
      name,
      `${existing} is not writable`,
      "give yourself write access, or choose another one with --data-dir",
    );
  }
  if (existing !== folder) return ok(name, `${folder} will be made when it is needed`);
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.())
    return warning(name, `${folder} belongs to another user`, "use a folder of your own with --data-dir");
  if ((mode & 0o077) !== 0) return warning(name, `${folder} is open to others`, `\`chmod 700 ${folder}\``);
  return ok(name, `${folder} is writable`);
}

function disk({ dataDir: folder }: Paths): Finding {
  const free = freeDiskBytes(nearestExisting(folder));
  const message = `${formatSize(free)} free`;
  if (free < criticalDiskBytes)
    return error("disk", message, "free some space: deployments fail when the disk is full");
  if (free < lowDiskBytes) return warning("disk", message, "free some space before logs and artifacts fill the rest");
  return ok("disk", message);
}

/** Files from the future mean that the clock was set back: backoffs, certificates and log times would be wrong. */
function clock({ database }: Paths): Finding {
  const written = existsSync(database) ? statSync(database).mtimeMs : 0;
  const aheadMs = written - Date.now();
  if (aheadMs > clockToleranceMs) {
    return warning(
      "clock",
      `the database was written ${Math.round(aheadMs / 1_000)} s in the future`,
      "set the machine's clock",
    );
  }
  return ok("clock", new Date().toISOString());
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

const criticalDiskBytes = 100_000_000;
const lowDiskBytes = 1_000_000_000;
const clockToleranceMs = 60_000;
