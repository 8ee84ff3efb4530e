import { expect, test } from "bun:test";
import { join } from "node:path";
import { openDatabase } from "../../../../src/kernel/database/index.ts";
import { withPrivateMounts } from "../../../support/private-mount.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const fixture = (name: string) => `${process.execPath} ${join(import.meta.dir, "fixtures", name)}`;

test("on a full disk writes fail as such, events are dropped and counted, and all goes on when there is room", () => {
  const disk = temporaryFolder();
  const output = withPrivateMounts(
    `mount -t tmpfs -o size=6m tmpfs ${disk}; ${fixture("full-disk.ts")} ${disk} ${disk}/ballast`,
  );
  const result = JSON.parse(output);
  expect(result.codes).toEqual({ transaction: "storage_full", file: "storage_full" });
  expect(result.flushed).toBe(false);
  expect(result.dropped).toBeGreaterThan(0);
  expect(result).toMatchObject({ recovered: true, lastIsKept: true, gapFree: true, meta: "before" });
  expect(result.reported).toEqual({ count: result.dropped });
  expect(result.check).toEqual({ quick_check: "ok" });
});

test("a database that can't be written is an error for a kernel, and readable without one", () => {
  const folder = temporaryFolder();
  const database = openDatabase(join(folder, "kernel.db"));
  database.meta.set("id", "one");
  database.close();
  const readOnly = `mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`;
  const output = withPrivateMounts(`${readOnly}; ${fixture("read-only.ts")} ${folder}/kernel.db`);
  expect(JSON.parse(output)).toEqual({ error: "io_error", read: "one" });
});
