import { expect, test } from "bun:test";
import { join } from "node:path";
import { withPrivateMounts } from "../../support/private-mount.ts";

test("on a real disk that is full, what ends something is recorded in the reserve, and all else is refused", () => {
  const fixture = join(import.meta.dir, "fixtures", "full-disk.ts");
  const output = withPrivateMounts(
    `mount -t tmpfs -o size=4m,mode=700 tmpfs /mnt; ${process.execPath} ${fixture} /mnt; umount /mnt`,
  );
  const { accepted, ...seen } = JSON.parse(output);
  expect(seen).toEqual({
    refused: "audit_unavailable",
    refusedStill: "audit_unavailable",
    essential: 500,
    full: "sound",
    after: "sound",
    states: ["failing", "well"],
  });
  // The room that was made ahead.
  expect(accepted).toBeGreaterThan(100);
});
