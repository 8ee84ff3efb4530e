import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KeyValueStore, type StoreOptions } from "../../src/store/index.ts";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { reproducible } from "../support/small-store.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** `solo store …` on stores at rest, open ones and damaged ones. */

let env: SoloEnv;
beforeAll(() => {
  env = soloEnv();
});
afterAll(() => env[Symbol.asyncDispose]());

const options: StoreOptions = {
  pageBytes: 16_384,
  segmentBytes: 65_536,
  memoryBytes: 262_144,
  durability: "checkpoint",
};
const looks = ["inspect", "verify", "stats"];

let count = 0;

/** A store of a thousand keys, each replaced nine times, with a session and two checkpoints. */
async function makeStore(): Promise<{ store: KeyValueStore; path: string }> {
  const path = join(env.root, `store-${++count}`);
  const store = await KeyValueStore.open(path, { ...options, ...reproducible(1) });
  for (let round = 0; round < 10; round++) {
    for (let key = 0; key < 1_000; key++) await store.put(`key-${key}`, `value ${round}`);
    await store.commit();
  }
  await store.session("mailer").put("key-1", "sent");
  await store.checkpoint({ method: "fold-over" });
  await store.put("key-2", "changed");
  await store.checkpoint({ method: "snapshot", parts: "log" });
  return { store, path };
}

async function closedStore(): Promise<string> {
  const { store, path } = await makeStore();
  await store.close();
  return path;
}

/** All bytes of all its files. */
function contentOf(path: string): string {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter(
    (name) => name !== "lock" && statSync(join(path, name)).isFile(),
  );
  return names.map((name) => `${name} ${readFileSync(join(path, name)).toString("base64")}`).join("\n");
}

/** Bytes that the log takes on disk. */
function logBlocks(path: string): number {
  const segments = readdirSync(path).filter((name) => name.startsWith("log."));
  return segments.reduce((sum, name) => sum + statSync(join(path, name)).blocks * 512, 0);
}

function flip(path: string, position: number): void {
  const file = openSync(path, "r+");
  const byte = readFileSync(path)[position] ?? 0;
  writeSync(file, Uint8Array.of(byte ^ 4), 0, 1, position);
  closeSync(file);
}

const run = (verb: string, path: string, ...more: string[]) => env.run(["store", verb, path, "--json", ...more]);

describe("at rest", () => {
  test("inspect, verify and stats tell what is there, and change nothing", async () => {
    const path = await closedStore();
    const before = contentOf(path);
    for (const verb of looks) {
      const { stdout } = (await run(verb, path)).expect();
      expectGolden(`json/store-${verb}.json`, normalizedJson(stdout, env.root));
      const text = (await env.run(["store", verb, path])).expect();
      expectGolden(`text/store-${verb}.txt`, text.stdout.replaceAll(env.root, "<root>").replaceAll(times, "<time>"));
    }
    expect(contentOf(path)).toBe(before);
  });

  test("compact asks when checkpoints would go, frees the disk, and loses no value", async () => {
    const path = await closedStore();
    const before = contentOf(path);
    expect((await run("compact", path)).expect(2).json()).toMatchObject({ error: { code: "confirmation_required" } });
    expect(contentOf(path)).toBe(before);
    const blocks = logBlocks(path);
    const done = (await run("compact", path, "--yes")).expect();
    expectGolden("json/store-compact.json", normalizedJson(done.stdout, env.root));
    expect(logBlocks(path)).toBeLessThan(blocks / 4);
    expect((await run("verify", path)).expect().json()).toMatchObject({ state: "clean" });
    const store = await KeyValueStore.open(path, options);
    expect(Buffer.from((await store.get("key-999")) ?? []).toString()).toBe("value 9");
    expect(Buffer.from((await store.get("key-2")) ?? []).toString()).toBe("changed");
    expect(store.session("mailer").serial).toBe(1);
    await store.close();
  });

  test("a folder without a store, or none at all, is not found", async () => {
    for (const verb of [...looks, "compact"]) {
      for (const path of [env.root, join(env.root, "nowhere")]) {
        expect((await run(verb, path)).expect(5).json()).toMatchObject({ error: { code: "not_found" } });
      }
    }
    expect(readdirSync(env.root)).not.toContain("lock");
  });
});

const times = /\d{4}-\d{2}-\d{2}T[0-9:.]+Z/g;

describe("damaged", () => {
  test("verify ends with 1 and names file and byte, in words too", async () => {
    const path = await closedStore();
    flip(join(path, "log.00000001"), 20_000);
    flip(join(path, "store"), 30);
    const found = (await run("verify", path)).expect(1).json();
    expect(found).toMatchObject({
      state: "damaged",
      damages: [
        { file: "store", offset: 0 },
        { file: "log.00000001", offset: 19_456 },
      ],
    });
    const text = (await env.run(["store", "verify", path])).expect(1).stdout;
    expect(text).toMatch(/log\.00000001 +19456 +a block of 1024 bytes/);
  });

  test("repair tells beforehand, asks, sets the damaged checkpoint aside, and it is clean", async () => {
    const { store, path } = await makeStore();
    const newest = store.checkpoints.at(-1)?.id ?? "";
    await store.close();
    flip(join(path, "checkpoints", newest, "meta"), 100);
    expect((await run("stats", path)).expect(1).json()).toMatchObject({ error: { code: "storage_corrupt" } });
    const asked = (await env.run(["store", "verify", path, "--repair"])).expect(2).stderr;
    expect(asked).toContain("sets 1 checkpoints");
    const { stdout } = (await run("verify", path, "--repair", "--yes")).expect();
    expectGolden("json/store-repair.json", normalizedJson(stdout, env.root));
    expect((await run("verify", path)).expect().json()).toMatchObject({
      state: "clean",
      set_aside_checkpoints: [newest],
    });
    (await run("verify", path, "--repair")).expect();
  });

  test("metadata of which neither file is whole is told, refused, and made good by a repair", async () => {
    const path = await closedStore();
    for (const name of ["store", "store.copy"]) flip(join(path, name), 40);
    for (const [verb = "", ...flags] of [["stats"], ["compact", "--yes"]]) {
      expect((await run(verb, path, ...flags)).expect(1).json()).toMatchObject({ error: { code: "storage_corrupt" } });
    }
    expect((await run("verify", path)).expect(1).json()).toMatchObject({
      state: "damaged",
      damages: [{ file: "store" }, { file: "store.copy" }],
    });
    (await run("verify", path, "--repair", "--yes")).expect();
    expect((await run("verify", path)).expect().json()).toMatchObject({ state: "clean" });
  });
});

describe("open in another process", () => {
  test("looking is safe while it is written to; compact and repair are refused and change nothing", async () => {
    const { store, path } = await makeStore();
    let isOver = false;
    const writing = (async () => {
      for (let round = 0; !isOver; round++) {
        for (let key = 0; key < 100; key++) store.put(`key-${key}`, `live ${round}`);
        await store.commit();
        if (round % 50 === 49) await store.checkpoint({ method: "snapshot" });
      }
    })();
    try {
      for (const verb of looks) {
        for (let round = 0; round < 3; round++)
          expect((await run(verb, path)).expect().json()).toMatchObject({ live: true });
      }
      const refused = (await run("compact", path, "--yes")).expect(6).json();
      expect(refused).toMatchObject({ error: { code: "locked", hint: expect.stringContaining("stop the process") } });
    } finally {
      isOver = true;
      await writing;
      await store.close();
    }
    const found = (await run("verify", path)).expect().json();
    expect(found).toMatchObject({ state: "clean", live: false });
  });
});
