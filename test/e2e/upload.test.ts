import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Daemon } from "../support/daemon.ts";

/** Programs that come with the request, for a kernel that does not see the files of who deploys. */

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const source = `export default { fetch: () => new Response("from afar") };`;
const content = Buffer.from(source).toString("base64");

test("a program is brought, deployed by its path, and brought once", async () => {
  const { client, env } = daemon;
  const { path, bytes, changed } = await client.upload({ file: "far.ts", content });
  expect({ bytes, changed }).toEqual({ bytes: source.length, changed: true });
  for await (const _ of client.deploy({ services: [{ name: "far", spec: { kind: "source", path } }] }));
  expect(await (await env.fetch("far")).text()).toBe("from afar");
  expect(await client.upload({ file: "far.ts", content })).toMatchObject({ path, changed: false });
});

test("a program that the system executes may be executed by its owner alone", async () => {
  const script = Buffer.from("#!/bin/sh\necho hello\n").toString("base64");
  const { path } = await daemon.client.upload({ file: "job", content: script, executable: true });
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(dirname(path)).mode & 0o077).toBe(0);
});

test("a name with a folder in it, and content that is no base64, are refused", async () => {
  const { client } = daemon;
  expect(client.upload({ file: "../far.ts", content })).rejects.toMatchObject({ code: "invalid_request" });
  expect(client.upload({ file: "far.ts", content: "%%%" })).rejects.toMatchObject({ code: "invalid_request" });
  expect(existsSync(`${daemon.env.dataDir}/uploads/far.ts`)).toBe(false);
});
