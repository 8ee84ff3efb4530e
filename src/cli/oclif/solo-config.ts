import { Config } from "@oclif/core/config";
import { build } from "../../system/index.ts";
import { oclifPackage } from "./package.ts";

/** oclif's configuration, which its help works with: `load()` reads the table of all commands. */
export class SoloConfig extends Config {
  constructor(options: ConstructorParameters<typeof Config>[0]) {
    super(options);
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
