import { expect, test } from "bun:test";
import { join } from "node:path";
import { KeyValueStore } from "../../src/store/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const names = ["one", "two", "three"];
/** More are run by hand: `SOLO_STORE_KILLS=500 bun test test/fault/store-kill.test.ts`. */
const kills = Number(process.env.SOLO_STORE_KILLS ?? 12);

test("a process killed at any moment, again and again, on real files: all that was acknowledged is there", async () => {
  const folder = join(temporaryFolder(), "store");
  for (let round = 0; round < kills; round++) {
    const acknowledged = await writeUntilKilled(folder, 20 + ((round * 37) % 300));
    const store = await KeyValueStore.open(folder, { memoryBytes: 524_288 });
    for (const name of names) {
      const { serial } = store.session(name);
      expect(serial).toBeGreaterThanOrEqual(acknowledged.get(name) ?? 0);
      for (let key = 0; key < 500; key++) {
        const value = await store.get(`${name}-${key}`);
        expect(value === undefined ? undefined : new TextDecoder().decode(value)).toBe(lastValue(key, serial));
      }
    }
    await store.close();
  }
}, 120_000);

/** The last serial of each session that the writer called acknowledged before it was killed. */
async function writeUntilKilled(folder: string, afterLines: number): Promise<Map<string, number>> {
  const fixture = join(import.meta.dir, "fixtures/store-writer.ts");
  const writer = Bun.spawn([process.execPath, fixture, folder], { stdout: "pipe", stderr: "inherit" });
  const acknowledged = new Map<string, number>();
  let text = "";
  let lines = 0;
  for await (const chunk of writer.stdout) {
    text += new TextDecoder().decode(chunk);
    const whole = text.split("\n");
    text = whole.pop() ?? "";
    for (const line of whole) {
      const [name = "", serial] = line.split(" ");
      if (name !== "open") acknowledged.set(name, Number(serial));
    }
    lines += whole.length;
    if (lines > afterLines) writer.kill("SIGKILL");
  }
  await writer.exited;
  return acknowledged;
}

function lastValue(key: number, serial: number): string | undefined {
  const last = serial - ((serial - key) % 500);
  return last <= 0 || serial < key ? undefined : `${last}:${"x".repeat(last % 300)}`;
}
