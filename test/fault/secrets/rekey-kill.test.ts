import { expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SecretStore } from "../../../src/security/secrets/store.ts";
import { seededRandom } from "../../support/random.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

setDefaultTimeout(120_000);

const root = temporaryFolder();
const rekey = join(import.meta.dir, "fixtures/rekey.ts");
const path = join(root, "secrets.db");
const keyFile = join(root, "secrets.key");
const names = Array.from({ length: 4 }, (_, index) => `KEY_${index}`);

async function open(): Promise<SecretStore> {
  const store = new SecretStore(path, { keyFile, passphraseFile: null, credential: null });
  await store.start();
  return store;
}

/** Everything opens, the file has one key, and the keys can be rotated again. */
async function expectWhole(told: string): Promise<void> {
  const store = await open();
  expect([told, store.problem]).toEqual([told, undefined]);
  for (const tenant of ["a", "b"]) {
    for (const name of names) {
      expect([told, store.get(tenant, name)?.value.toString()]).toEqual([told, `${tenant} ${name}`]);
    }
  }
  expect([told, readFileSync(keyFile, "utf8").trim().split("\n").length]).toEqual([told, 1]);
  store.close();
}

async function fill(): Promise<void> {
  const store = await open();
  for (const tenant of ["a", "b"])
    for (const name of names) await store.put(tenant, name, Buffer.from(`${tenant} ${name}`), 1);
  store.close();
}

function run(last: number): Bun.Subprocess<"ignore", "pipe", "inherit"> {
  return Bun.spawn([process.execPath, rekey, path, keyFile, String(last)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
}

/** Puts the files back as they were before. */
function snapshot(): () => void {
  for (const file of [path, keyFile]) copyFileSync(file, `${file}.kept`);
  return () => {
    for (const file of [path, keyFile]) copyFileSync(`${file}.kept`, file);
    for (const rest of [`${path}-journal`, `${keyFile}.new`]) rmSync(rest, { force: true });
  };
}

test("a rotation of the keys that is killed before any of its steps loses no secret", async () => {
  await fill();
  const goBack = snapshot();
  let steps = 0;
  for (; ; steps++) {
    const child = run(steps);
    await child.exited;
    if (child.signalCode === null) {
      expect([child.exitCode, (await new Response(child.stdout).text()).trim()]).toEqual([0, String(steps)]);
      break;
    }
    await expectWhole(`killed before step ${steps}`);
    goBack();
  }
  expect(steps).toBeGreaterThan(names.length * 2 + 4);
  await expectWhole("not killed");
});

test("one that is killed at any moment loses no secret", async () => {
  const seed = Number(process.env.SOLO_FAULT_SEED ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  const kills = Number(process.env.SOLO_FAULT_KILLS ?? 20);
  for (let kill = 0; kill < kills; kill++) {
    const child = run(Number.MAX_SAFE_INTEGER);
    // The delay only chooses the moment: whatever it hits, everything must be there.
    const timer = setTimeout(() => child.kill("SIGKILL"), 20 + random.below(80));
    await child.exited;
    clearTimeout(timer);
    await expectWhole(`seed ${seed}, kill ${kill}`);
  }
  expect(existsSync(`${path}-journal`)).toBe(false);
});
