import { SoloError } from "../api/index.ts";
import { nearest } from "../config/index.ts";
import { build } from "../system/index.ts";
import { globalFlagArity } from "./flags/arity.ts";
import { EmbeddedPlugin } from "./oclif/embedded-plugin.ts";
import type { NormalizedArguments } from "./oclif/normalize-arguments.ts";
import { oclifPackage } from "./oclif/package.ts";
import { SoloConfig } from "./oclif/solo-config.ts";
import { SoloHelp } from "./oclif/solo-help.ts";
import { Output } from "./output.ts";
import type { CliParts } from "./run.ts";
import { wantsJson } from "./wants-json.ts";

/** Help, topics, aliases and misspelt names: everything that needs to know all commands. Returns the exit code. */
export async function runLongWay(argv: readonly string[], line: NormalizedArguments, parts: CliParts): Promise<number> {
  const config = await loadFullConfig(parts);
  const words = wordsBeforeFlags(line.id === undefined ? line.rest : [...line.id.split(":"), ...line.rest]);
  const output = new Output({ json: wantsJson(argv), quiet: false });
  const [first] = words;
  if (first === undefined) {
    const flag = argv.find((argument) => argument.startsWith("-"));
    if (flag === "--version" || flag === "-v") return run(parts, "version", argv.slice(1));
    if (flag !== undefined && !line.help) throw globalFlagArity.has(flag) ? missingCommand(flag) : unknownFlag(flag);
    await showHelp(config, [], output);
    return 0;
  }
  if (line.help || config.findTopic(words.join(":"))) {
    await showHelp(config, words, output);
    return 0;
  }
  const alias = config.findCommand(first);
  if (alias) return run(parts, alias.id, line.rest.slice(1));
  throw unknownCommand(config, words);
}

/** oclif's configuration with the table of all commands. */
export async function loadFullConfig(parts: CliParts): Promise<SoloConfig> {
  const plugin = new EmbeddedPlugin(parts.commands);
  await plugin.load();
  const config = new SoloConfig({ root: "/", pjson: oclifPackage, plugins: new Map([["solo", plugin]]) });
  await config.load();
  config.userAgent = `solo ${build.version} (${build.commit}), ${process.platform}-${process.arch}, Bun ${Bun.version}`;
  return config;
}

/** Prints the help of a command, a topic or, without words, of everything. Words that name nothing are a usage error. */
export async function showHelp(config: SoloConfig, words: readonly string[], output: Output): Promise<void> {
  const help = new SoloHelp(config, { flagSortOrder: "none", hideAliasesFromRoot: true });
  const subject = subjectOf(config, words);
  // Asked for by name, because oclif takes the word "help" for a way to ask for help.
  const command = subject === undefined ? undefined : config.findCommand(subject);
  if (command) await help.showCommandHelp(command);
  else await help.showHelp(subject === undefined ? [] : [subject]);
  await output.result({ help: help.text }, ({ help: text }) => text);
}

/** The longest run of words that names a command or topic. */
function subjectOf(config: SoloConfig, words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(":");
    if (config.findCommand(id) || config.findTopic(id)) return id;
  }
  throw unknownCommand(config, words);
}

async function run(parts: CliParts, id: string, argv: readonly string[]): Promise<number> {
  const load = parts.commands.find(id);
  if (load === undefined) throw new SoloError("internal", `the command table has no ${id}`);
  await (await load()).default.run({ id, argv, parts });
  return Number(process.exitCode ?? 0);
}

function wordsBeforeFlags(rest: readonly string[]): string[] {
  const flag = rest.findIndex((argument) => argument.startsWith("-"));
  return flag === -1 ? [...rest] : rest.slice(0, flag);
}

function unknownFlag(flag: string): SoloError {
  return new SoloError("usage", `unknown flag ${flag}`, { hint: "`solo --help` lists the commands" });
}

function missingCommand(flag: string): SoloError {
  return new SoloError("usage", `${flag} needs a command`, { hint: "`solo --help` lists the commands" });
}

function unknownCommand(config: SoloConfig, words: readonly string[]): SoloError {
  const known = config.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(":", " "));
  const topic = config.findTopic(words[0] ?? "");
  const word = words.slice(0, topic ? 2 : 1).join(" ");
  const candidate = nearest(word, known);
  return new SoloError("usage", `there is no command ${JSON.stringify(word)}`, {
    hint: candidate ? `did you mean \`solo ${candidate}\`?` : "`solo --help` lists the commands",
  });
}
