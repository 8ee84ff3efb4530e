import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceSpecInput } from "../../src/api/index.ts";
import { deliveryPlaces } from "../../src/security/secrets/index.ts";
import { SecretStore } from "../../src/security/secrets/store.ts";
import { Daemon, failure, last, soloBinary, Terminal, waitFor } from "../support/index.ts";

setDefaultTimeout(90_000);

/** Does with its secrets what it is told, and says what it is told of them. */
const code = `
import { readFileSync } from "node:fs";
import { defineService } from "solo";
export default defineService({
  start(ctx) { ctx.secrets.onChange((name) => ctx.log.info("changed " + name)); },
  methods: {
    names: (_, ctx) => ctx.secrets.names(),
    get: (name, ctx) => ctx.secrets.get(name),
    env: () => process.env.TOKEN ?? null,
    folder: () => process.env.SOLO_SECRETS_DIR ?? null,
    read: (path) => { try { return readFileSync(path, "utf8"); } catch ({ code }) { return code; } },
    say: (text, ctx) => { ctx.log.info(text); },
    raw: (text) => { process.stdout.write(text); },
    fail: (text) => { throw new Error(text); },
    exit: (text) => { process.stderr.write(text); process.exit(7); },
  },
});
`;

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const call = async (name: string, method: string, input: unknown = null) =>
  (await daemon.client.call({ name, method, input })).output;
const set = (secret: string, value: string, tenant = "default") => daemon.client.secretSet({ secret, value, tenant });
const service = (spec: Partial<ServiceSpecInput> = {}) => daemon.module("secrets.ts", code, spec);
/** What lies in the delivery folders of this daemon. */
const delivered = () =>
  deliveryPlaces(daemon.env.dataDir, join(daemon.env.dataDir, "run"), process.env).all.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder) : [],
  );

/** As a kernel does that is killed before it has delivered what it kept. */
async function putBehindTheKernel(name: string, value: string): Promise<void> {
  const folder = daemon.env.dataDir;
  const sources = { keyFile: join(folder, "secrets.key"), passphraseFile: null, credential: null };
  const store = new SecretStore(join(folder, "secrets.db"), sources);
  await store.put("default", name, Buffer.from(value), Date.now());
  store.close();
}

describe("a service with secrets", () => {
  test("is not deployed without them, and nothing has changed", async () => {
    const secrets = [{ name: "MISSING" }];
    const refused = await failure(daemon.deploy({ early: service({ secrets }) }));
    expect(refused).toMatchObject({ code: "not_found", applied: "no", details: { missing: ["MISSING"] } });
    expect(refused.hint).toContain("solo secrets set MISSING");
    expect(await failure(daemon.status("early"))).toMatchObject({ code: "not_found" });
    await set("MISSING", "of another tenant", "other");
    expect(await failure(daemon.deploy({ early: service({ secrets }) }))).toMatchObject({ code: "not_found" });
    const twice = service({ secrets: [{ name: "A", env: "X" }], env: { X: "1" } });
    expect(await failure(daemon.deploy({ early: twice }))).toMatchObject({ code: "invalid_config" });
  });

  test("reads exactly its own from its folder, in a sandbox too, and its files go with it", async () => {
    await Promise.all([set("API_KEY", "the api key"), set("OTHER", "the other one")]);
    await daemon.deploy({
      mine: service({ secrets: [{ name: "API_KEY" }], sandbox: {} }),
      theirs: service({ secrets: [{ name: "OTHER", env: "TOKEN" }] }),
      none: service(),
    });
    expect([await call("mine", "names"), await call("mine", "get", "API_KEY")]).toEqual([["API_KEY"], "the api key"]);
    expect([await call("mine", "env"), await call("theirs", "env")]).toEqual([null, "the other one"]);
    expect([await call("none", "names"), await call("none", "folder")]).toEqual([[], null]);
    expect(await failure(call("mine", "get", "OTHER"))).toMatchObject({ code: "not_found" });
    expect(await failure(call("mine", "get", "../../x"))).toMatchObject({ code: "not_found" });
    const folder = String(await call("theirs", "folder"));
    expect(await call("mine", "read", join(folder, "OTHER"))).toBe("EACCES");
    expect(await call("mine", "read", join(daemon.env.dataDir, "secrets.key"))).toBe("EACCES");
    expect(delivered()).toHaveLength(2);
    for (const name of ["mine", "theirs", "none"]) await daemon.client.kill({ name });
    expect(delivered()).toEqual([]);
  });

  test("gets a rotated value at once, in place; one in its environment with a restart", async () => {
    await set("ROTATED", "first value");
    const secrets = [{ name: "ROTATED", env: "TOKEN" }];
    await daemon.deploy({ web: service({ secrets, replicas: 2, sandbox: {} }) });
    const { instances } = await daemon.status("web");
    const written = await daemon.client.secretRotate({ secret: "ROTATED", value: "second value" });
    expect(written).toMatchObject({ version: 2, restart_needed: ["web"], restarted: [] });
    expect(written.delivered.toSorted()).toEqual(instances.map(({ id }) => id).toSorted());
    expect([await call("web", "get", "ROTATED"), await call("web", "env")]).toEqual(["second value", "first value"]);
    await waitFor(
      async () => (await daemon.logs("web")).filter((line) => line.includes("changed ROTATED")).length === 2,
      {
        what: "both instances to be told",
      },
    );
    // Both the former and the present value stay hidden.
    await call("web", "say", "first value, second value");
    await waitFor(
      async () => (await daemon.logs("web")).some((line) => line.includes("[secret ROTATED], [secret ROTATED]")),
      {
        what: "the line to be redacted",
      },
    );
    const restarted = await daemon.client.secretRotate({ secret: "ROTATED", restart: true });
    expect(restarted).toMatchObject({ version: 3, restart_needed: [], restarted: ["web"] });
    const value = await call("web", "get", "ROTATED");
    expect([await call("web", "env"), String(value).length]).toEqual([value, 43]);
    expect(await failure(daemon.client.secretRotate({ secret: "NOBODY" }))).toMatchObject({ code: "not_found" });
    const refused = await failure(daemon.client.secretDelete({ secret: "ROTATED" }));
    expect(refused).toMatchObject({ code: "conflict", details: { services: ["web"] } });
    await daemon.client.kill({ name: "web" });
  });

  test("shows none of them in logs, events, errors and status", async () => {
    const secret = 'pa"ss/w+rd \\ 1';
    await set("HIDDEN", secret);
    const restart = { policy: "temporary" as const };
    await daemon.deploy({ talk: service({ secrets: [{ name: "HIDDEN" }], restart }) });
    const base64 = Buffer.from(`user:${secret}`).toString("base64");
    await call("talk", "say", `${secret} ${base64} ${encodeURIComponent(secret)}`);
    await call("talk", "raw", `split ${secret.slice(0, 6)}`);
    await call("talk", "raw", `${secret.slice(6)} joined\n`);
    const failed = await failure(call("talk", "fail", `it was ${secret}`));
    expect(failed.message).toContain("[secret HIDDEN]");
    await failure(call("talk", "exit", `bye ${secret}`));
    await daemon.until("talk", "failed");
    const shown = JSON.stringify([await daemon.status("talk"), await daemon.events("talk"), failed.toDocument()]);
    const logs = (await daemon.logs("talk")).join("\n");
    expect(logs).toContain("split [secret HIDDEN] joined");
    expect(logs).toContain("bye [secret HIDDEN]");
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      "BhInNzL3crcmQgXCAx",
    ]) {
      expect([form, shown.includes(form), logs.includes(form)]).toEqual([form, false, false]);
    }
  });

  test("keeps them when the kernel is killed, and its output stays redacted; what nobody has any more is removed", async () => {
    await set("KEPT", "the kept value");
    await daemon.deploy({
      stays: service({ secrets: [{ name: "KEPT" }] }),
      goes: service({ secrets: [{ name: "KEPT" }] }),
    });
    const pid = (await daemon.status("goes")).instances[0]?.pid ?? 0;
    await daemon.client.secretRotate({ secret: "KEPT", value: "the new value" });
    await call("stays", "raw", "half of the new");
    await daemon.crashBoth();
    process.kill(pid, "SIGKILL");
    expect(delivered()).toHaveLength(2);
    await daemon.start();
    await daemon.until("stays", "ready");
    expect(await call("stays", "get", "KEPT")).toBe("the new value");
    await call("stays", "raw", " value, and the kept value\n");
    await waitFor(
      async () => (await daemon.logs("stays")).includes("half of [secret KEPT], and [secret KEPT]") || undefined,
      { what: "the joined line to be redacted" },
    );
    await daemon.crashBoth();
    await putBehindTheKernel("KEPT", "the value in between");
    await daemon.start();
    await daemon.until("stays", "ready");
    expect(await call("stays", "get", "KEPT")).toBe("the value in between");
    await daemon.client.secretSet({ secret: "KEPT", value: "the newest value" });
    expect(await call("stays", "get", "KEPT")).toBe("the newest value");
    for (const name of ["stays", "goes"]) await daemon.client.kill({ name });
    expect(delivered()).toEqual([]);
  });
});

describe("solo secrets", () => {
  test("takes values from standard input and files only, and prints them byte for byte", async () => {
    const { env } = daemon;
    const onCommandLine = await env.run(["secrets", "set", "CLI", "visible-value"]);
    expect([onCommandLine.code, onCommandLine.stderr.includes("visible-value")]).toEqual([2, false]);
    (await env.run(["secrets", "set", "CLI"], { input: "piped value\n" })).expect();
    expect((await env.run(["secrets", "get", "CLI"])).expect().stdout).toBe("piped value");
    const bytes = Buffer.from([0, 255, 10, 13, 10]);
    writeFileSync(join(env.root, "value.bin"), bytes);
    (await env.run(["secrets", "set", "BINARY", "--file", "value.bin"])).expect();
    const shown = JSON.parse((await env.run(["secrets", "get", "BINARY", "--json"])).expect().stdout);
    expect(shown).toMatchObject({ encoding: "base64", value: bytes.toString("base64"), bytes: 5 });
    expect((await env.run(["secrets", "set", "EMPTY"], { input: "\n" })).code).toBe(2);
    expect((await env.run(["secrets", "get", "NOBODY"])).code).toBe(5);
    const events = (await daemon.events()).filter(({ subject }) => subject === "secret:CLI");
    expect(events.map(({ event }) => event)).toEqual(["secret_set", "secret_read"]);
  });

  test("asks on a terminal without showing what is typed, and shows a value there only when told to", async () => {
    const { env } = daemon;
    const on = (...words: string[]) => new Terminal([soloBinary(), ...words], { cwd: env.root, env: env.env });
    await using asking = on("secrets", "set", "TYPED");
    await asking.shows(/Value of TYPED \(not shown\): /);
    asking.type("typed-valux\x7fe\r");
    expect(await asking.exited).toBe(0);
    expect(asking.output).not.toContain("typed-val");
    await using refused = on("secrets", "get", "TYPED");
    expect(await refused.exited).toBe(2);
    expect(refused.output).not.toContain("typed-value");
    await using shown = on("secrets", "get", "TYPED", "--reveal");
    expect(await shown.exited).toBe(0);
    expect(shown.output).toContain("typed-value");
    await using given = on("secrets", "set", "TYPED");
    await given.shows(/not shown/);
    given.type("abc\x03");
    expect(await given.exited).toBe(130);
    expect(await daemon.client.secretGet({ secret: "TYPED" })).toMatchObject({ value: "typed-value", version: 1 });
  });

  test("rekeys, locks by a passphrase, and unlocks; one that a service needs is not deleted", async () => {
    const { env, client } = daemon;
    const key = readFileSync(join(env.dataDir, "secrets.key"), "utf8");
    (await env.run(["secrets", "rekey"])).expect();
    expect(readFileSync(join(env.dataDir, "secrets.key"), "utf8")).not.toBe(key);
    await set("LOCKED", "a locked value");
    await daemon.deploy({ locked: service({ secrets: [{ name: "LOCKED" }] }) });
    (await env.run(["secrets", "rekey", "--passphrase"], { input: "correct horse battery\n" })).expect();
    expect(existsSync(join(env.dataDir, "secrets.key"))).toBe(false);
    await daemon.crashKernel();
    await daemon.until("locked", "ready");
    expect(await failure(client.secretGet({ secret: "LOCKED" }))).toMatchObject({ code: "unauthenticated" });
    const { checks } = await client.health({});
    expect(checks.find(({ name }) => name === "secrets")).toMatchObject({ status: "degraded" });
    expect(await failure(last(client.restart({ name: "locked" })))).toMatchObject({ code: "rolled_back" });
    expect((await env.run(["secrets", "unlock"], { input: "wrong\n" })).code).toBe(4);
    (await env.run(["secrets", "unlock"], { input: "correct horse battery\n" })).expect();
    expect(await client.secretGet({ secret: "LOCKED" })).toMatchObject({ value: "a locked value" });
    await last(client.restart({ name: "locked" }));
    expect((await env.run(["secrets", "delete", "LOCKED", "--yes"])).code).toBe(6);
    await client.kill({ name: "locked" });
    (await env.run(["secrets", "delete", "LOCKED", "--yes"])).expect();
    expect((await client.secretList({})).secrets.map(({ secret }) => secret)).not.toContain("LOCKED");
  });
});
