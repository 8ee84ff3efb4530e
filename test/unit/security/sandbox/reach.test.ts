import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ServiceSpecInput, SoloError, serviceSpecSchema } from "../../../../src/api/index.ts";
import { refuseBeyond, withinReach } from "../../../../src/security/sandbox/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
const own = join(root, "own");
const foreign = join(root, "foreign");
for (const folder of [own, foreign]) mkdirSync(folder);
writeFileSync(join(own, "app.ts"), "");
writeFileSync(join(foreign, "secret"), "");
symlinkSync(foreign, join(own, "link"));
const reach = { tenant: "acme", paths: [own], programs: `${foreign}:/usr/bin:/bin` };

/** What a specification is refused for: the setting and the path. */
function refusal(spec: Omit<ServiceSpecInput, "kind">, kind: ServiceSpecInput["kind"] = "command") {
  try {
    refuseBeyond("web", serviceSpecSchema.parse({ command: ["/bin/true"], ...spec, kind }), reach);
    return undefined;
  } catch (error) {
    if (!(error instanceof SoloError)) throw error;
    expect({ code: error.code, exit: error.exit }).toEqual({ code: "forbidden", exit: 4 });
    expect(error.message).toContain(String(error.details?.setting));
    return [error.details?.setting, error.details?.path ?? error.details?.variable ?? null];
  }
}

/** Each way to name a path in a specification. */
const fields: readonly [setting: string, spec: (path: string) => Omit<ServiceSpecInput, "kind">][] = [
  ["path", (path) => ({ path })],
  ["cwd", (cwd) => ({ cwd })],
  ["command", (path) => ({ command: [path] })],
  ["sandbox.read", (path) => ({ sandbox: { read: [path] } })],
  ["sandbox.write", (path) => ({ sandbox: { write: [path] } })],
  ["preopens", (path) => ({ preopens: { "/data": path } })],
  ["state.folders", (path) => ({ state: { mode: "external", folders: [path] } })],
  ["state.folders", (path) => ({ state: { folders: [path] } })],
];

describe.each(fields)("%s", (setting, spec) => {
  test("may be the tenant's own, and nothing beyond, by whatever way it is named", () => {
    expect(refusal(spec(own))).toBeUndefined();
    expect(refusal(spec(join(own, "app.ts")))).toBeUndefined();
    for (const path of [foreign, `${foreign}/secret`, `${own}/../foreign`, `${own}/link`, `${own}/link/secret`, root]) {
      expect(refusal(spec(path))?.[0]).toBe(setting);
    }
    for (const path of [`${own}-2`, "/root", "/nowhere/at/all", "/"]) {
      if (setting === "cwd" && path === "/") continue;
      expect(refusal(spec(path))).toEqual([setting, path]);
    }
  });
});

test("programs may be the system's, found in PATH or named, but not others that PATH leads to", () => {
  writeFileSync(join(foreign, "tool"), "#!/bin/sh\n", { mode: 0o755 });
  expect(refusal({ command: ["/bin/sh", "-c", "cat /etc/shadow"] })).toBeUndefined();
  expect(refusal({ command: ["sh"] })).toBeUndefined();
  expect(refusal({ command: ["tool"] })).toEqual(["command", join(foreign, "tool")]);
  expect(refusal({ command: ["./link/tool"], cwd: own })).toEqual(["command", join(own, "link/tool")]);
  expect(refusal({ command: ["agent"] }, "port")).toBeUndefined();
  expect(refusal({ sandbox: { read: ["/usr/share", "/etc/passwd"] } })).toBeUndefined();
  expect(refusal({ sandbox: { write: ["/usr/share"] } })).toEqual(["sandbox.write", "/usr/share"]);
});

test("nothing runs outside of the sandbox, and no variable of the kernel's is handed on that may be a secret", () => {
  const exec = { type: "exec", command: ["cat", "/etc/shadow"] } as const;
  for (const kind of ["startup", "readiness", "liveness"]) {
    expect(refusal({ health: { [kind]: exec } })).toEqual([`health.${kind}.command`, null]);
  }
  expect(refusal({ health: { liveness: { type: "http", target: "/health" } } })).toBeUndefined();
  expect(refusal({ sandbox: { inherit_env: ["PATH", "LC_ALL"] } })).toBeUndefined();
  expect(refusal({ sandbox: { inherit_env: ["AWS_SECRET_ACCESS_KEY"] } })).toEqual([
    "sandbox.inherit_env",
    "AWS_SECRET_ACCESS_KEY",
  ]);
});

test("arguments open nothing beyond", () => {
  const found = [own, join(own, "app.ts"), foreign, join(foreign, "secret"), "/usr/share"];
  const spec = serviceSpecSchema.parse({ kind: "command", command: ["cat"], sandbox: { found } });
  expect(withinReach(spec, reach).sandbox.found).toEqual([own, join(own, "app.ts"), "/usr/share"]);
});
