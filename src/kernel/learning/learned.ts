import { existsSync } from "node:fs";
import { type LearnedDocument, type SandboxDocument, type SandboxSpec, sandboxSchema } from "../../api/index.ts";
import { leastSandbox, readRecord, recordPath, type UseRecord } from "../../security/learning/index.ts";
import type { Kernel } from "../kernel.ts";
import { sandboxPlace } from "../sandbox-place.ts";
import type { Service } from "../service.ts";

/** What the present revision of a service was seen to use; null when nothing looked at it. */
export function learnedOf(kernel: Kernel, { ref, revision }: Service): LearnedDocument | null {
  const { recorders, serviceUses, secrets } = kernel.parts;
  const record = readRecord(recordPath(recorders.folderOf(ref), revision.id));
  if (record === undefined) return null;
  const { sandbox, allow } = revision.spec;
  const place = sandboxPlace(kernel.paths, secrets.places.all);
  const least = leastSandbox(record.uses, sandbox, place, existsSync);
  const { calls, operations, state } = serviceUses.of(ref, revision.id);
  const mayCall = allow?.call ?? [];
  const made = calls.map((call) => {
    const [service = "", ...method] = call.split(".");
    return { service, method: method.join("."), allowed: mayCall.includes(service) };
  });
  const called = [...new Set(made.map(({ service }) => service))];
  const idle = mayCall.filter((name) => !called.includes(name));
  return {
    revision: revision.id,
    since: new Date(record.since).toISOString(),
    updated: new Date(record.updated).toISOString(),
    unseen: record.unseen,
    used: usedOf(record, sandbox),
    calls: made,
    operations,
    state,
    least: { ...least.sandbox, call: called },
    kept: keptOf(sandbox),
    unused: [...least.unused, ...idle.map((value) => ({ setting: "allow.call", value }))],
    left_out: least.left_out,
  };
}

function keptOf(sandbox: SandboxSpec): LearnedDocument["kept"] {
  const usual = sandboxSchema.parse({});
  const { inherit_env, max_files, max_processes, max_file_bytes } = sandbox;
  return {
    ...(inherit_env.length > 0 && { inherit_env }),
    ...(max_files !== usual.max_files && { max_files }),
    ...(max_processes !== undefined && { max_processes }),
    ...(max_file_bytes !== usual.max_file_bytes && { max_file_bytes }),
  };
}

function usedOf({ uses }: UseRecord, declared: SandboxDocument["declared"]): LearnedDocument["used"] {
  const isWithin = (path: string, folders: readonly string[]) =>
    folders.some((folder) => path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`));
  const readable = [...declared.read, ...declared.write];
  const files = (access: "read" | "write" | "execute", folders: readonly string[]) =>
    uses[access].map((target) => ({ access, target, allowed: isWithin(target, folders) }));
  const ports = (access: "connect" | "listen", said: "any" | readonly number[]) =>
    uses[access].map((target) => ({ access, target, allowed: said === "any" || said.includes(target) }));
  return [
    ...files("read", readable),
    ...files("write", declared.write),
    ...files("execute", declared.read),
    ...ports("connect", declared.connect),
    ...ports("listen", declared.listen),
  ];
}
