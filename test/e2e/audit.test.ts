import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AuditRecord, auditRecordSchema } from "../../src/api/index.ts";
import { Daemon, waitFor } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** The audit trail of the binary, as people and scripts see it. The tests follow one another. */

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
  daemon.env.write("web.ts", `export default { fetch: () => new Response("hi") };`);
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** A stream's end is recorded just behind its last element, so its caller may be faster. */
function until(count: number, ...args: string[]): Promise<AuditRecord[]> {
  const asManyAs = async () => {
    const found = await records(...args);
    return found.length >= count && found;
  };
  return waitFor(asManyAs, { what: `${count} records` });
}

async function records(...args: string[]): Promise<AuditRecord[]> {
  const { stdout } = (await daemon.env.run(["audit", "list", "--json", ...args])).expect();
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => auditRecordSchema.parse(JSON.parse(line)));
}

/** Everything that the trail has on disk. */
function onDisk(): string {
  const folder = join(daemon.env.dataDir, "audit");
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "latin1"))
    .join("");
}

test("a change is on record before it runs, with what came of it after", async () => {
  (await daemon.env.run(["deploy", "web.ts"])).expect();
  expect((await daemon.env.run(["deploy", "none.ts"])).code).toBe(2);
  (await daemon.env.run(["deploy", "web.ts", "other", "--tenant", "acme"])).expect();
  expect((await daemon.env.run(["deploy", "web.ts", "changed", "--dry-run"])).code).toBe(10);
  expect(await until(2)).toMatchObject([
    { kind: "begin", actor: "owner", tenant: "default", operation: "deploy", subject: "default/web", outcome: null },
    { kind: "end", operation: "deploy", subject: "default/web", outcome: "done", code: null },
  ]);
  expect(await until(2, "--tenant", "acme")).toMatchObject([{ subject: "acme/other" }, { subject: "acme/other" }]);
  expect(await records("--all-tenants")).toHaveLength(4);
});

test("who is refused is on record too", async () => {
  const socket = join(daemon.env.dataDir, "solo.sock");
  const answer = await fetch("http://localhost/v1/services/web/kill", { unix: socket, method: "POST", body: "{}" });
  expect(answer.status).toBe(401);
  const [refusal] = await until(1, "--all-tenants", "--actor", "anonymous");
  expect(refusal).toMatchObject({ kind: "refusal", operation: "kill", outcome: "refused", code: "unauthenticated" });
});

test("no value is on record", async () => {
  const set = await daemon.env.run(["secrets", "set", "API_KEY"], { input: "hunter2-hunter2" });
  expect(set.code).toBe(0);
  expect(await records("--operation", "secretSet")).toMatchObject([
    { subject: "default/API_KEY", kind: "begin" },
    { subject: "default/API_KEY", outcome: "done" },
  ]);
  expect(onDisk()).not.toContain("hunter2");
  expect(onDisk()).not.toContain(readFileSync(join(daemon.env.dataDir, "solo.sock.key"), "latin1").trim());
});

test("it is read by what it was done to, from the end, and followed", async () => {
  expect(await records("--subject", "default/web", "--operation", "deploy")).toHaveLength(2);
  expect(await records("--tail", "1")).toMatchObject([{ operation: "secretSet", kind: "end" }]);
  const following = daemon.env.follow(["audit", "list", "--follow", "--operation", "kill", "--json"]);
  (await daemon.env.run(["kill", "web"])).expect();
  await following.line(/"kind":"end".*"operation":"kill"/);
  await following.stop("SIGINT");
});

test("it is verified, with and without a kernel, and as an export elsewhere", async () => {
  const live = (await daemon.env.run(["audit", "verify", "--json"])).expect().json();
  expect(live).toMatchObject({ state: "sound", problems: [], first_sequence: 1 });
  const exported = (await daemon.env.run(["audit", "export"])).expect().stdout;
  const file = daemon.env.write("audit.jsonl", exported);
  (await daemon.env.run(["stop"])).expect();
  const atRest = await daemon.env.run(["audit", "verify"]);
  expect(atRest.expect().stdout).toStartWith("sound: ");
  const head = /^head (\S+)$/m.exec(atRest.stdout)?.[1] ?? "";

  (await daemon.env.run(["audit", "verify", "--file", file])).expect();
  writeFileSync(file, exported.replace("default/web", "default/wob"));
  expect((await daemon.env.run(["audit", "verify", "--file", file])).code).toBe(1);
  const cut = exported.trimEnd().split("\n").slice(0, -1).join("\n");
  writeFileSync(file, `${cut}\n`);
  const found = await daemon.env.run(["audit", "verify", "--file", file, "--json"]);
  expect(found.code).toBe(1);
  expect(found.json()).toMatchObject({ state: "damaged", problems: [{ problem: expect.stringContaining("cut off") }] });
  // A head that was kept elsewhere is missed in an export that is older.
  writeFileSync(file, exported);
  expect((await daemon.env.run(["audit", "verify", "--file", file, "--head", head])).code).toBe(1);
  expect((await daemon.env.run(["audit", "verify", "--head", head])).code).toBe(0);
  expect((await daemon.env.run(["audit", "verify", "--head", "new"])).code).toBe(2);
});

test("what was done to its files is found, and stays known to the next kernel", async () => {
  const path = join(daemon.env.dataDir, "audit", "0000000000000001.jsonl");
  const text = readFileSync(path, "latin1");
  const end = text.lastIndexOf("\n", text.lastIndexOf("\n") - 1) + 1;
  writeFileSync(path, text.slice(0, end), "latin1");
  const cut = await daemon.env.run(["audit", "verify"]);
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/records (\d+) to \1 are missing/);
  await daemon.start();
  const { checks } = await daemon.client.health({});
  expect(checks.find(({ name }) => name === "audit")).toMatchObject({ status: "degraded" });
  const events = await waitFor(async () => (await daemon.events()).filter(({ event }) => event === "audit_damaged"), {
    what: "the event",
  });
  expect(events).toHaveLength(1);
  (await daemon.env.run(["deploy", "web.ts"])).expect();
  expect((await daemon.env.run(["audit", "verify"])).stdout).toContain("noted at a start");
});

test("JSON of what scripts rely on", async () => {
  const mask = (text: string) =>
    normalizedJson(text, daemon.env.root)
      .replaceAll(/\b[0-9a-f]{64}\b/g, "<hash>")
      .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>")
      .replaceAll(/\d+(?=:<hash>)/g, "<sequence>")
      .replaceAll(/(?<="(?:sequence|records|last_sequence|begin)": )\d+/g, '"<number>"')
      .replaceAll(/(?<="cursor": )"\d+"/g, '"<cursor>"')
      .replaceAll(/\b\d+ to \d+\b/g, "<from> to <to>")
      .replaceAll(/\brecord \d+\b/g, "record <number>")
      .replaceAll(/\d{16}\.jsonl/g, "<segment>");
  const list = await daemon.env.run(["audit", "list", "--operation", "kill", "--tail", "2", "--json"]);
  expectGolden("json/audit-list.json", mask(list.stdout));
  const verify = await daemon.env.run(["audit", "verify", "--json"]);
  expectGolden("json/audit-verify-damaged.json", mask(verify.stdout));
  const missing = await daemon.env.run(["audit", "verify", "--file", "none.jsonl", "--json"]);
  expect(missing.code).toBe(2);
  expectGolden("json/audit-verify-file-not-found.json", mask(missing.stdout));
});
