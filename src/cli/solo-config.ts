import { Config } from "@oclif/core/config";
import { build } from "../system/index.ts";
import { oclifPackage } from "./oclif-package.ts";
import type { CliParts } from "./run.ts";

/**
 * oclif's configuration with what Solo's commands need beside it. Used as it is by a command that was named exactly; the
 * long way also calls `load()`, which reads the table of all commands.
 */
export class SoloConfig extends Config {
  readonly parts: CliParts;

  constructor(parts: CliParts, options: ConstructorParameters<typeof Config>[0] = { root: "/", pjson: oclifPackage }) {
    super(options);
    this.parts = parts;
    this.bin = "solo";
    this.name = "solo";
    this.version = build.version;
    this.topicSeparator = " ";
    this.pjson = oclifPackage;
  }

  /** Solo has no hooks: oclif would look for them on disk. */
  override async runHook(): Promise<{ successes: []; failures: [] }> {
    return { successes: [], failures: [] };
  }
}
