import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { roles } from "../api/index.ts";
import type { Capabilities } from "../security/capability/index.ts";
import type { TokenPort } from "../supervise/index.ts";

export interface InstanceTokens extends TokenPort {
  /** Removes what belongs to instances that are not known. */
  sweep(known: ReadonlySet<string>): void;
}

/**
 * The token of each instance: its service's role on itself and nothing else. It lies in a file of its own, so that neither the
 * arguments nor the environment of a process show it, and ends with the instance's process.
 */
export function instanceTokens(capabilities: Capabilities, runFolder: string): InstanceTokens {
  const base = join(runFolder, "tokens");
  const remove = (instance: string) => rmSync(join(base, instance), { recursive: true, force: true });
  const fileOf = (instance: string) => join(base, instance, "token");
  return {
    fileOf,
    issue(ref, instance) {
      const { token } = capabilities.grantInstance(ref, instance, roles.service);
      remove(instance);
      const path = fileOf(instance);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      chmodSync(base, 0o700);
      writeFileSync(path, token, { mode: 0o400, flag: "wx" });
      return path;
    },
    withdraw(instance) {
      capabilities.endInstance(instance);
      remove(instance);
    },
    sweep(known) {
      capabilities.keepInstances(known);
      mkdirSync(base, { recursive: true, mode: 0o700 });
      for (const instance of readdirSync(base)) if (!known.has(instance)) remove(instance);
    },
  };
}
