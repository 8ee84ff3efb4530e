import { existsSync } from "node:fs";
import { type SandboxSpec, type ServiceSpec, SoloError } from "../../api/index.ts";
import { mechanisms } from "../../system/index.ts";
import { foundPaths } from "./found.ts";
import { ownFolderAt, resolved, type SandboxPlace } from "./place.ts";
import { writableOf } from "./policy.ts";

/**
 * Refuses a sandbox that can't be as it says. `cwd` is the folder that the service's processes are started in. Answers with the specification, the paths of its sandbox without symbolic
 * links: what a link points to later must not widen what was deployed.
 *
 * @throws SoloError `sandbox_unavailable` for what this machine can't enforce, `file_not_found` and `invalid_config` for paths
 */
export function checkSandbox(name: string, spec: ServiceSpec, cwd: string, place: SandboxPlace): ServiceSpec {
  const { sandbox } = spec;
  if (sandbox.mode === "off") return { ...spec, sandbox: { ...sandbox, found: [] } };
  for (const path of [...sandbox.read, ...writableOf(spec)]) checkPath(name, path, place);
  if (sandbox.mode === "enforce") refuseMissing(name, sandbox);
  if (sandbox.mode === "audit") refuseUnrecorded(name);
  return { ...spec, sandbox: { ...withoutLinks(sandbox), found: foundPaths(spec, cwd, place) } };
}

function withoutLinks(sandbox: SandboxSpec): SandboxSpec {
  return { ...sandbox, read: sandbox.read.map(resolved), write: sandbox.write.map(resolved) };
}

function checkPath(name: string, path: string, place: SandboxPlace): void {
  if (!existsSync(path)) {
    throw new SoloError("file_not_found", `${name}: sandbox: ${path} does not exist`, {
      hint: "make it before the deploy: a rule can only be made for what is there",
    });
  }
  const own = ownFolderAt(path, place);
  if (own === undefined) return;
  throw new SoloError("invalid_config", `${name}: sandbox: ${path} would open ${own}, which is Solo's own`, {
    hint: "no service may reach it; name the folders it needs one by one, or keep Solo's data elsewhere with --data-dir",
  });
}

function refuseUnrecorded(name: string): void {
  const recording = mechanisms().find((mechanism) => mechanism.name === "recording");
  if (recording?.available === true) return;
  throw new SoloError("sandbox_unavailable", `${name}: this machine can't record what it uses: ${recording?.detail}`, {
    hint: 'sandbox.mode = "enforce" tells what is refused, as far as the service says so itself',
    details: { missing: ["recording"] },
  });
}

function refuseMissing(name: string, { namespaces = false, udp = true }: SandboxSpec): void {
  const asked = new Set([...(namespaces ? ["namespaces"] : []), ...(udp ? [] : ["system calls"])]);
  const missing = mechanisms().filter(
    (mechanism) => (mechanism.required || asked.has(mechanism.name)) && !mechanism.available,
  );
  if (missing.length === 0) return;
  const what = missing.map((mechanism) => `${mechanism.name} (${mechanism.detail})`).join(", ");
  throw new SoloError("sandbox_unavailable", `${name}: this machine can't enforce its sandbox: ${what}`, {
    hint: 'sandbox.mode = "best-effort" takes what there is (defaults.sandbox for every service), --unsandboxed does without; `solo doctor` tells more',
    details: { missing: missing.map((mechanism) => mechanism.name) },
  });
}
