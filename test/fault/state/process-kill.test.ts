import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { openState } from "../../../src/state/index.ts";
import { systemClock } from "../../../src/system/index.ts";
import { seededRandom } from "../../support/random.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** More of them find more; a failure prints the seed. */
const kills = Number(process.env.SOLO_FAULT_KILLS ?? 20);

setDefaultTimeout(30_000 + kills * 3_000);

const root = temporaryFolder();
const writer = join(import.meta.dir, "fixtures/writer.ts");

/** Runs a writer until it said so many lines, and kills it then; all it said is told to `heard`. */
async function killAfter(folder: string, lines: number, heard: (line: string) => void): Promise<void> {
  const child = Bun.spawn([process.execPath, writer, folder], { stdout: "pipe", stderr: "inherit", stdin: "ignore" });
  const decoder = new TextDecoder();
  let rest = "";
  let count = 0;
  for await (const chunk of child.stdout) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) heard(line);
    count += parts.length;
    if (count >= lines) child.kill("SIGKILL");
  }
  await child.exited;
}

test("a process that is killed at any moment leaves all that it acknowledged, each entry whole, and no position comes twice", async () => {
  const seed = Number(process.env.SOLO_FAULT_SEED ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  const folder = join(root, "state");
  const acknowledged = new Map<string, number>();
  let position = 0;
  let killsSinceLook = 0;
  for (let kill = 0; kill < kills; kill++) {
    const told = `seed ${seed}, kill ${kill}`;
    killsSinceLook++;
    await killAfter(folder, 1 + random.below(600), (line) => {
      const [name = "", count = "0"] = line.split(" ");
      if (name === "position") expect([told, Number(count) >= position]).toEqual([told, true]);
      else {
        expect([told, name, Number(count) > (acknowledged.get(name) ?? 0)]).toEqual([told, name, true]);
        acknowledged.set(name, Number(count));
      }
    });
    if (random.chance(0.7)) continue;
    const state = await openState(folder, { clock: systemClock });
    for (const [name, count] of acknowledged) {
      const [a, b] = ["a", "b"].map((key) =>
        Number(Buffer.from(state.get("data", `${name}/${key}`)?.value ?? []).toString()),
      );
      expect([told, name, a]).toEqual([told, name, b]);
      expect(a).toBeGreaterThanOrEqual(count);
      // One more may be there of each kill, whose acknowledgement nobody heard.
      expect([told, name, Math.max(a ?? 0, count + killsSinceLook)]).toEqual([told, name, count + killsSinceLook]);
      acknowledged.set(name, a ?? 0);
    }
    killsSinceLook = 0;
    ({ position } = state);
    await state.close();
  }
  expect(acknowledged.size).toBe(16);
});
