import { Plugin } from "@oclif/core/config";
import { SoloError } from "../../api/index.ts";
import type { CommandTable } from "./command-table.ts";
import { oclifPackage } from "./package.ts";

/** oclif's view of the command table: a plugin whose commands come from it instead of from disk. */
export class EmbeddedPlugin extends Plugin {
  readonly #table: CommandTable;

  constructor(table: CommandTable) {
    super({ root: "/", pjson: oclifPackage, isRoot: true });
    this.#table = table;
  }

  override async load(): Promise<void> {
    this.name = "solo";
    this.alias = "solo";
    this.type = "core";
    this.root = "/";
    this.pjson = oclifPackage;
    this.version = oclifPackage.version;
    this.valid = true;
    this.isRoot = true;
    this.moduleType = "module";
    this.hooks = {};
    this.manifest = await this.#table.manifest();
    this.commandIDs = Object.keys(this.manifest.commands);
    this.commands = Object.entries(this.manifest.commands)
      .map(([id, command]) => ({ ...command, load: () => this.findCommand(id) }))
      .sort((a, b) => a.id.localeCompare(b.id));
  }

  /** oclif only shows help, for which the manifest is enough: commands are run by `runCli`. */
  override findCommand(id: string): Promise<never> {
    return Promise.reject(new SoloError("internal", `${id} is not loaded for its help`));
  }
}
