import { expect, test } from "bun:test";
import { join } from "node:path";
import { standInForGuardian } from "../../../../src/kernel/guardian/index.ts";
import { childrenOf, readExit, readStat } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

test("without a guardian the kernel itself gets the orphans, and records how they end", async () => {
  const folder = temporaryFolder();
  const stop = standInForGuardian(join(folder, "exits"));
  const gate = join(folder, "gate");
  await Bun.spawn(["/bin/sh", "-c", `(sh -c 'while [ ! -e ${gate} ]; do sleep 0.02; done; exit 9' &)`]).exited;
  const orphan = await until("the orphan is ours", () =>
    childrenOf(process.pid)
      .map(readStat)
      .find((stat) => stat?.comm === "sh"),
  );
  await Bun.write(gate, "");
  expect(await readExit(join(folder, "exits"), orphan, 5_000)).toEqual({ exit_code: 9, signal: null });
  expect(await Bun.spawn(["/bin/sh", "-c", "exit 4"]).exited).toBe(4);
  stop();
});
