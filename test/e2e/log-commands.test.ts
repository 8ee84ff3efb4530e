import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type DurableLog, openLog } from "../../src/store/index.ts";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** `solo log …` on logs at rest, open ones and damaged ones. */

let env: SoloEnv;
beforeAll(() => {
  env = soloEnv();
});
afterAll(() => env[Symbol.asyncDispose]());

let count = 0;

/** A log of a thousand entries in three segments, with a named iterator. */
async function makeLog(): Promise<{ log: DurableLog; path: string }> {
  const path = join(env.root, `log-${++count}`);
  const log = await openLog(path, { identity: 1, segmentBytes: 16_384 });
  for (let index = 0; index < 1_000; index++) log.append(Buffer.from(`entry ${index}`));
  await log.commit();
  log.iterator("mailer").complete({ end: 20_000 });
  await log.commit();
  return { log, path };
}

async function closedLog(): Promise<string> {
  const { log, path } = await makeLog();
  await log.close();
  return path;
}

/** All bytes of all its files. */
function contentOf(path: string): string {
  const names = readdirSync(path).filter((name) => name !== "log.lock");
  return names.map((name) => `${name} ${readFileSync(join(path, name)).toString("base64")}`).join("\n");
}

function flip(path: string, position: number): void {
  const file = openSync(path, "r+");
  const byte = readFileSync(path)[position] ?? 0;
  writeSync(file, Uint8Array.of(byte ^ 4), 0, 1, position);
  closeSync(file);
}

const firstSegment = (path: string) => join(path, "segment-00000000000000.log");

describe("at rest", () => {
  test("inspect, verify and stats tell what is there, and change nothing", async () => {
    const path = await closedLog();
    const before = contentOf(path);
    for (const verb of ["inspect", "verify", "stats"]) {
      const { stdout } = (await env.run(["log", verb, path, "--json"])).expect();
      expectGolden(`json/log-${verb}.json`, normalizedJson(stdout, env.root));
      const text = (await env.run(["log", verb, path])).expect();
      expect(text.stdout).toContain("1000");
    }
    expect(contentOf(path)).toBe(before);
  });

  test("truncate asks, shows beforehand what it would do, and frees the files", async () => {
    const path = await closedLog();
    const before = contentOf(path);
    const truncate = (...more: string[]) => env.run(["log", "truncate", path, "--before", "25001", "--json", ...more]);
    expect((await truncate("--dry-run")).expect(10).json()).toMatchObject({ previous_begin: 0, freed_bytes: 16_368 });
    expect((await truncate()).expect(2).json()).toMatchObject({ error: { code: "confirmation_required" } });
    expect(contentOf(path)).toBe(before);
    const done = (await truncate("--yes")).expect();
    expectGolden("json/log-truncate.json", normalizedJson(done.stdout, env.root));
    expect((await truncate("--yes")).expect().json()).toMatchObject({ removed_entries: 0 });
    expect(readdirSync(path)).not.toContain("segment-00000000000000.log");
    const beyond = await env.run(["log", "truncate", path, "--before", "1000000", "--yes", "--json"]);
    expect(beyond.expect(2).json()).toMatchObject({ error: { code: "usage" } });
  });

  test("a folder without a log, or none at all, is not found", async () => {
    for (const verb of ["inspect", "verify", "stats"]) {
      for (const path of [env.root, join(env.root, "nowhere")]) {
        const { error } = (await env.run(["log", verb, path, "--json"])).expect(5).json() as {
          error: { code: string };
        };
        expect(error.code).toBe("not_found");
      }
    }
  });
});

describe("damaged", () => {
  test("verify ends with 1 and tells where; stats refuses; repair asks, cuts, and it is clean", async () => {
    const path = await closedLog();
    flip(firstSegment(path), 10_000);
    expect((await env.run(["log", "verify", path, "--json"])).expect(1).json()).toMatchObject({ state: "damaged" });
    expect((await env.run(["log", "stats", path, "--json"])).expect(1).json()).toMatchObject({
      error: { code: "storage_corrupt" },
    });
    expect((await env.run(["log", "verify", path, "--repair"])).expect(2).stderr).toContain("--yes");
    const repaired = (await env.run(["log", "verify", path, "--repair", "--yes", "--json"])).expect().json();
    expect(repaired).toMatchObject({ repaired: true });
    expect((await env.run(["log", "verify", path, "--json"])).expect().json()).toMatchObject({ state: "clean" });
    (await env.run(["log", "verify", path, "--repair", "--json"])).expect();
  });

  test("metadata of which nothing is whole is refused", async () => {
    const path = await closedLog();
    flip(join(path, "log.meta"), 40);
    (await env.run(["log", "verify", path])).expect();
    flip(join(path, "log.meta"), 8_192 + 40);
    expect((await env.run(["log", "inspect", path, "--json"])).expect(1).json()).toMatchObject({
      error: { code: "storage_corrupt" },
    });
  });
});

describe("open in another process", () => {
  test("reading is safe while it is written to; truncate and repair are refused", async () => {
    const { log, path } = await makeLog();
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await log.appendDurably(Buffer.from("more and more".repeat(20)));
    })();
    try {
      for (const verb of ["inspect", "verify", "stats"]) {
        for (let round = 0; round < 3; round++) {
          const found = (await env.run(["log", verb, path, "--json"])).expect().json();
          expect(found).toMatchObject({ live: true });
        }
      }
      const refused = await env.run(["log", "truncate", path, "--before", "100", "--yes", "--json"]);
      expect(refused.expect(6).json()).toMatchObject({ error: { code: "locked" } });
    } finally {
      isOver = true;
      await writing;
      await log.close();
    }
    expect((await env.run(["log", "verify", path, "--json"])).expect().json()).toMatchObject({
      state: "clean",
      live: false,
    });
  });
});
