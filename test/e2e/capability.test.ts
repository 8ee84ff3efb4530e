import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type LogLine, SoloError } from "../../src/api/index.ts";
import { createClient, type SoloClient, socketTransport } from "../../src/client/index.ts";
import { Daemon, waitFor } from "../support/index.ts";

/** Capabilities in the built binary: what a token opens over the socket, what instances are given, what a refusal leaves. */

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
  const talk = daemon.module("api.ts", "console.log('up'); setInterval(() => console.log('tick'), 50);");
  await daemon.deploy({
    api: talk,
    shell: daemon.shell(`echo "$(wc -c < "$SOLO_TOKEN_FILE") bytes in $SOLO_TOKEN_FILE"; exec sleep 1000`),
    other: daemon.shell("exec sleep 1000"),
  });
});
afterAll(() => daemon[Symbol.asyncDispose]());

function as(token: string): SoloClient {
  return createClient(socketTransport(join(daemon.env.dataDir, "solo.sock"), token), "a test");
}

async function failure(work: Promise<unknown>): Promise<SoloError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => SoloError.from(error),
  );
  if (outcome === undefined) throw new Error("it was let through");
  return outcome;
}

test("a token has its own rights on the owner's socket, and a refusal names what is missing", async () => {
  const { token, id } = await daemon.client.capabilityGrant({ resource: "service:api", permissions: ["read"] });
  const client = as(token);
  expect((await client.list({})).services.map(({ service }) => service)).toEqual(["api"]);
  expect((await client.status({ name: "api" })).service).toBe("api");
  const refused = await failure(client.kill({ name: "api" }));
  expect([refused.code, refused.exit, refused.message]).toEqual([
    "forbidden",
    4,
    "kill needs the permission operate on service:api",
  ]);
  // The same words for a service that there is and one that there is not.
  const words = await Promise.all(["other", "none"].map((name) => failure(client.status({ name }))));
  expect(words.map(({ message }) => message.replace(/service:\w+/, "service:X"))).toEqual(
    Array(2).fill("status needs the permission read on service:X"),
  );
  const denied = (await daemon.events()).filter(({ event, data }) => event === "capability_denied" && data.by === id);
  expect(denied.map(({ data }) => data.operation)).toEqual(["kill", "status", "status"]);
  expect(JSON.stringify(await daemon.events())).not.toContain(token);
});

test("every instance has a token of its own, in a file for its owner alone, that is in no environment and no arguments", async () => {
  // It is confined, as every service is by default, and can read its own.
  const said = await waitFor(async () => (await daemon.logs("shell")).find((line) => line.includes(" bytes in ")), {
    what: "the service to have said where its token is",
    deadlineMs: 10_000,
  });
  const [size = "", file = ""] = said.split(" bytes in ");
  expect(size).toBe("52");
  expect(statSync(file).mode & 0o777).toBe(0o400);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  const token = readFileSync(file, "utf8");
  const client = as(token);
  expect((await client.status({ name: "shell" })).service).toBe("shell");
  expect((await failure(client.status({ name: "other" }))).code).toBe("forbidden");
  expect((await failure(client.kill({ name: "shell" }))).code).toBe("forbidden");
  expect((await failure(client.shutdown({}))).code).toBe("forbidden");
  for (const pid of daemon.processes()) {
    for (const part of ["environ", "cmdline"])
      expect(readFileSync(`/proc/${pid}/${part}`, "utf8")).not.toContain(token);
  }
});

test("a token that a service prints is not in its log, nor in the error of its method", async () => {
  const script =
    'echo "my token: $(cat $SOLO_TOKEN_FILE)"; printf "twice %s" "$(cat $SOLO_TOKEN_FILE)"; exec sleep 1000';
  const tells = `import { readFileSync } from "node:fs";
import { defineService } from "solo";
export default defineService({
  methods: { tell() { throw new Error("by " + readFileSync(process.env.SOLO_TOKEN_FILE, "utf8")); } },
});`;
  await daemon.deploy({ talkative: daemon.shell(script), erring: daemon.module("erring.ts", tells) });
  await waitFor(async () => (await daemon.logs("talkative")).includes("my token: [token]"), { what: "the line" });
  const error = await failure(daemon.client.call({ name: "erring", method: "tell" }));
  expect(error.message).toContain("by [token]");
  for (const name of ["talkative", "erring"]) await daemon.client.kill({ name, force: true });
  // … nor in what is told to somebody who gave one in the wrong place.
  const { token } = await daemon.client.capabilityGrant({ resource: "tenant", permissions: ["read"] });
  const misplaced = (await daemon.env.run(["capability", "verify", token])).expect(2);
  expect(misplaced.stderr).toContain("unexpected argument [token]");
  expect(misplaced.stdout + misplaced.stderr).not.toContain(token);
  const lines = await daemon.logs("talkative");
  expect(lines).toContain("twice [token]");
  expect(lines.join()).not.toContain("solo_cap_");
});

test("an instance's token ends with its process, and outlives the kernel", async () => {
  const tokensOf = (service: string) =>
    readdirSync(join(daemon.env.dataDir, "run", "tokens"))
      .filter((instance) => instance.startsWith(`${service}-`))
      .map((instance) => readFileSync(join(daemon.env.dataDir, "run", "tokens", instance, "token"), "utf8"));
  const [first = ""] = tokensOf("shell");
  await daemon.crashKernel();
  expect((await as(first).status({ name: "shell" })).service).toBe("shell");
  for await (const _ of daemon.client.restart({ name: "shell" }));
  expect((await failure(as(first).status({ name: "shell" }))).code).toBe("unauthenticated");
  const [second = ""] = tokensOf("shell");
  expect((await as(second).status({ name: "shell" })).service).toBe("shell");
  await daemon.client.kill({ name: "shell", force: true });
  expect((await failure(as(second).status({ name: "shell" }))).code).toBe("unauthenticated");
  expect(tokensOf("shell")).toEqual([]);
});

test("revoking a capability ends the streams that run by one that came from it", async () => {
  const parent = await daemon.client.capabilityGrant({ resource: "tenant", role: "viewer" });
  const child = await as(parent.token).capabilityAttenuate({ resource: "service:api", permissions: ["logs"] });
  const seen: LogLine[] = [];
  const reading = async () => {
    for await (const line of as(child.token).logs({ name: "api", follow: true })) seen.push(line);
  };
  const end = failure(reading());
  await waitFor(() => seen.length > 0, { what: "a line", deadlineMs: 10_000 });
  const revoked = await daemon.client.capabilityRevoke({ id: parent.id });
  expect(revoked.revoked.toSorted()).toEqual([parent.id, child.id].toSorted());
  const ended = await end;
  expect([ended.code, ended.details?.capability]).toEqual(["forbidden", child.id]);
  expect((await failure(as(child.token).list({}))).code).toBe("unauthenticated");
});

test("what is used up, and what has come too often, is refused as that", async () => {
  const { token } = await daemon.client.capabilityGrant({ resource: "tenant", permissions: ["read"], calls: 2 });
  const client = as(token);
  await client.list({});
  await client.list({});
  expect(await failure(client.list({}))).toMatchObject({ code: "budget_exhausted", exit: 12 });
  const often = await daemon.client.capabilityGrant({ resource: "tenant", permissions: ["read"], rate: 1 });
  const asked = await Promise.all(
    Array.from({ length: 10 }, () =>
      as(often.token)
        .list({})
        .then(
          () => "",
          (e) => e.code,
        ),
    ),
  );
  expect(asked).toContain("limit_exceeded");
});

test("commands take the token from SOLO_TOKEN, its file, or a context", async () => {
  const { token } = await daemon.client.capabilityGrant({ resource: "service:api", permissions: ["read"] });
  const file = daemon.env.write("token", `${token}\n`, 0o600);
  const socket = `unix://${join(daemon.env.dataDir, "solo.sock")}`;
  (await daemon.env.run(["context", "add", "limited", socket, "--token-file", file])).expect();
  for (const env of [{ SOLO_TOKEN: token }, { SOLO_TOKEN_FILE: file }, { SOLO_CONTEXT: "limited" }]) {
    const listed = await daemon.env.run(["list", "--json"], { env });
    const { services }: { services: { service: string }[] } = JSON.parse(listed.expect().stdout);
    expect(services.map(({ service }) => service)).toEqual(["api"]);
    const refused = await daemon.env.run(["kill", "api"], { env });
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining("permission operate on service:api")]);
  }
  const wrong = await daemon.env.run(["list"], { env: { SOLO_TOKEN: "solo_cap_wrong" } });
  expect(wrong.code).toBe(4);
});

test("a service offers some of its methods: to another by name, to anyone by token, and no others; until it withdraws", async () => {
  const list = daemon.module(
    "list.ts",
    `import { defineService } from "solo";
    let offer;
    export default defineService({ methods: {
      async offer(options, ctx) { offer = await ctx.offer(["add"], options); return offer.token; },
      async withdraw() { await offer.withdraw(); },
      add: (item) => "added " + item,
      purge: () => "purged",
    } });`,
  );
  const shop = daemon.module(
    "shop.ts",
    `import { defineService } from "solo";
    export default defineService({ methods: {
      via: (method, ctx) => ctx.call("list", method, "tea").catch((error) => error.code),
    } });`,
  );
  await daemon.deploy({ list, shop });
  const call = async (name: string, method: string, input?: unknown) =>
    (await daemon.client.call({ name, method, input })).output;
  expect(await call("shop", "via", "add")).toBe("forbidden");
  const token = String(await call("list", "offer", { to: "shop", ttl: "1h" }));
  expect(await call("shop", "via", "add")).toBe("added tea");
  expect(await call("shop", "via", "purge")).toBe("forbidden");
  expect((await as(token).call({ name: "list", method: "add", input: "milk" })).output).toBe("added milk");
  const refused = await failure(as(token).call({ name: "list", method: "purge" }));
  expect([refused.code, refused.message]).toEqual([
    "forbidden",
    "call needs the permission call:purge on service:list",
  ]);
  await call("list", "withdraw");
  expect(await call("shop", "via", "add")).toBe("forbidden");
  expect((await failure(as(token).call({ name: "list", method: "add" }))).code).toBe("unauthenticated");
});
