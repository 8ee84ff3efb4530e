import { constants } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import type { DeliveryTarget } from "./target.ts";

/**
 * Appends records to a file as JSON lines, durably. It is opened anew for each batch, so that a rotating program may move it;
 * at its limit it is moved to `FILE.1` here.
 */
export function fileTarget(path: string, limitBytes: number): DeliveryTarget {
  return {
    name: "file",
    place: path,
    async deliver(records) {
      const size = await stat(path).then(
        ({ size }) => size,
        () => 0,
      );
      if (size >= limitBytes) await rename(path, `${path}.1`);
      const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
      try {
        await file.writeFile(records.map(({ text }) => `${text}\n`).join(""));
        await file.datasync();
      } finally {
        await file.close();
      }
    },
    close() {},
  };
}
