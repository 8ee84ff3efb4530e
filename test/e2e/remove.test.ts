import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Daemon, soloEnv, waitFor } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

const shop = `
import { defineService } from "solo";
export default defineService({
  start: () => Bun.write(process.env.STATE_DIRECTORY + "/file", "x"),
  methods: { async add(_, ctx) { console.log("added"); return { hits: await ctx.state.increment("hits") }; } },
});`;

/** Every file and folder of a data directory that bears a service's name. */
function tracesOf(dataDir: string, name: string): string[] {
  const roots = ["state", "files", "logs", "crashes", "uses"].map((root) => join(dataDir, root)).filter(existsSync);
  return roots.flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => path.includes(name)),
  );
}

test("a service goes with all that is kept of it, when it is stopped and was confirmed", async () => {
  await using env = soloEnv();
  env.write("shop.ts", shop);
  const golden = async (name: string, args: string[], code: number) => {
    const run = await env.run(["remove", ...args, "--json"]);
    run.expect(code);
    expectGolden(`json/remove-${name}.json`, normalizedJson(run.stdout, env.root));
  };
  (await env.run(["deploy", "shop.ts"])).expect();
  (await env.run(["call", "shop", "add"])).expect();
  await golden("running", ["shop", "--yes"], 6);
  await golden("unconfirmed", ["shop"], 2);
  await golden("not-found", ["nobody", "--yes"], 5);
  (await env.run(["kill", "shop"])).expect();
  expect(tracesOf(env.dataDir, "shop")).not.toBeEmpty();
  (await env.run(["remove", "shop", "--dry-run"])).expect(10);
  expect(tracesOf(env.dataDir, "shop")).not.toBeEmpty();
  (await env.run(["rm", "shop", "--yes"])).expect();
  expect(tracesOf(env.dataDir, "shop")).toBeEmpty();
  expect(JSON.parse((await env.run(["list", "--json"])).stdout)).toEqual({ services: [] });
  // A service of that name is a new one.
  (await env.run(["deploy", "shop.ts"])).expect();
  expect(JSON.parse((await env.run(["call", "shop", "add", "--json"])).stdout).output).toEqual({ hits: 1 });
  const forced = JSON.parse((await env.run(["remove", "shop", "--force", "--yes", "--json"])).expect().stdout);
  expect(forced).toMatchObject({ service: "shop", revisions: 1, instances: [{ exit_code: 0 }] });
  expect(Object.keys(forced)).toEqual("service tenant instances removed bytes revisions took_ms".split(" "));
  expect(Object.keys(forced.removed)).toEqual(
    ["state", "checkpoint", "file", "log", "crash"].map((what) => `${what}_bytes`),
  );
  expect(forced.removed.state_bytes).toBeGreaterThan(0);
  expect(tracesOf(env.dataDir, "shop")).toBeEmpty();
});

test("what a killed kernel had begun to remove, the next one ends; a service of that name that came after keeps its own", async () => {
  await using daemon = await Daemon.start();
  const { client, env } = daemon;
  const file = daemon.module("shop.ts", shop);
  await daemon.deploy({ gone: file, kept: file });
  for (const name of ["gone", "kept"]) {
    await client.call({ name, method: "add" });
    await client.kill({ name });
  }
  await daemon.crashBoth();
  // What is on the disk right after the removal was made durable, before the first folder was moved.
  using database = new Database(join(env.dataDir, "kernel.db"));
  database.run("DELETE FROM services WHERE name = 'gone'");
  database.run("DELETE FROM revisions WHERE name = 'gone'");
  for (const name of ["gone", "kept"]) database.run("INSERT INTO meta VALUES (?, '')", [`removing:default/${name}`]);
  database.close();
  await daemon.start();
  // Its bytes are freed behind the start's back.
  await waitFor(() => tracesOf(env.dataDir, "gone").length === 0, { what: "nothing of gone" });
  expect(tracesOf(env.dataDir, "kept")).not.toBeEmpty();
  expect((await client.list({})).services.map(({ service }) => service)).toEqual(["kept"]);
});

test("a kernel that is killed while it removes a service leaves all of it, or nothing", async () => {
  await using daemon = await Daemon.start();
  const { client, env } = daemon;
  const file = daemon.module("shop.ts", shop);
  for (const delayMs of [0, 3, 6, 10, 15]) {
    const name = `shop${delayMs}`;
    await daemon.deploy({ [name]: file });
    await client.call({ name, method: "add" });
    await client.kill({ name });
    const removing = client.remove({ name }).then(
      () => "removed",
      () => "cut",
    );
    const outcome = await Promise.race([removing, Bun.sleep(delayMs)]);
    await daemon.crashKernel();
    await removing;
    const isThere = (await client.list({})).services.some(({ service }) => service === name);
    expect(isThere && outcome === "removed").toBe(false);
    if (isThere) expect((await client.stateGet({ name, key: "hits" })).value).toBe(1);
    else await waitFor(() => tracesOf(env.dataDir, name).length === 0, { what: `nothing of ${name}` });
  }
});
