import type { Command } from "@oclif/core";
import { Plugin } from "@oclif/core/config";
import { SoloError } from "../api/index.ts";
import { oclifPackage } from "./oclif-package.ts";
import type { CliParts } from "./run.ts";

/** oclif's view of the command table: a plugin whose commands come from it instead of from disk. */
export class EmbeddedPlugin extends Plugin {
  readonly parts: CliParts;

  constructor(parts: CliParts) {
    super({ root: "/", pjson: oclifPackage, isRoot: true });
    this.parts = parts;
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
    this.manifest = await this.parts.commands.manifest();
    this.commandIDs = Object.keys(this.manifest.commands);
    this.commands = Object.entries(this.manifest.commands)
      .map(([id, command]) => ({ ...command, load: () => this.findCommand(id, { must: true }) }))
      .sort((a, b) => a.id.localeCompare(b.id));
  }

  override findCommand(id: string, options: { must: true }): Promise<Command.Class>;
  override findCommand(id: string, options?: { must: boolean }): Promise<Command.Class | undefined>;
  override async findCommand(id: string): Promise<Command.Class | undefined> {
    const load = this.parts.commands.find(id);
    if (!load) throw new SoloError("internal", `the command table has no ${id}`);
    const { default: command } = await load();
    command.id = id;
    return command;
  }
}
