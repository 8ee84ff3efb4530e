import type { Command, Interfaces } from "@oclif/core";

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** Names that only a running program knows. Each answers quickly or with nothing. */
export interface NameSource {
  services(): Promise<readonly string[]>;
  contexts(): Promise<readonly string[]>;
  settings(): Promise<readonly string[]>;
}

/**
 * What may stand in the place of the last of `words` (those after `solo`). Empty where the shell should offer files, or where
 * nothing can be known.
 */
export async function candidates(
  words: readonly string[],
  manifest: Interfaces.Manifest,
  names: NameSource,
): Promise<Candidate[]> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  if (before.includes("--")) return [];
  const { command, depth } = commandOf(before, manifest);
  const previous = before.at(-1) ?? "";
  const flag = command && previous.startsWith("-") ? flagOf(command, previous) : undefined;
  const found =
    flag?.type === "option"
      ? await valuesOf(flag, names)
      : current.startsWith("-") && command
        ? flagsOf(command)
        : command && !hasSubcommands(command.id, manifest)
          ? await argumentsOf(command, before.slice(depth), manifest, names)
          : commandWords(before, manifest);
  return found.filter(({ word }) => word.startsWith(current)).sort((one, other) => one.word.localeCompare(other.word));
}

function commandOf(
  words: readonly string[],
  manifest: Interfaces.Manifest,
): { command?: Command.Cached; depth: number } {
  for (let depth = Math.min(words.length, maxCommandWords); depth > 0; depth--) {
    const id = words.slice(0, depth).join(":");
    const command =
      manifest.commands[id] ?? Object.values(manifest.commands).find(({ aliases }) => aliases.includes(id));
    if (command) return { command, depth };
  }
  return { depth: 0 };
}

function hasSubcommands(id: string, manifest: Interfaces.Manifest): boolean {
  return Object.keys(manifest.commands).some((other) => other.startsWith(`${id}:`));
}

/** The words that go on from some words: commands and topics. */
function commandWords(before: readonly string[], manifest: Interfaces.Manifest): Candidate[] {
  const prefix = before.length === 0 ? "" : `${before.join(":")}:`;
  const found = new Map<string, string>();
  for (const [id, { hidden, summary }] of Object.entries(manifest.commands)) {
    if (hidden || !id.startsWith(prefix)) continue;
    const [word = "", ...deeper] = id.slice(prefix.length).split(":");
    if (!found.has(word) || deeper.length === 0)
      found.set(word, deeper.length === 0 ? (summary ?? "") : `${word} commands`);
  }
  return [...found].map(([word, description]) => ({ word, description }));
}

function flagsOf(command: Command.Cached): Candidate[] {
  return Object.entries(command.flags)
    .filter(([, { hidden }]) => !hidden)
    .flatMap(([name, { description = "", ...flag }]) => {
      const negated = flag.type === "boolean" && flag.allowNo ? [{ word: `--no-${name}`, description }] : [];
      return [{ word: `--${name}`, description }, ...negated];
    });
}

function flagOf(command: Command.Cached, word: string) {
  return Object.entries(command.flags).find(([name, { char }]) => word === `--${name}` || word === `-${char}`)?.[1];
}

async function valuesOf(flag: { readonly name: string; readonly helpValue?: string | string[] }, names: NameSource) {
  if (flag.name === "service-id") return plain(await names.services());
  if (flag.name === "context") return plain(await names.contexts());
  const choices = typeof flag.helpValue === "string" && flag.helpValue.includes("|") ? flag.helpValue.split("|") : [];
  return plain(choices);
}

async function argumentsOf(
  command: Command.Cached,
  given: readonly string[],
  manifest: Interfaces.Manifest,
  names: NameSource,
): Promise<Candidate[]> {
  if (command.id === "help") return [...commandWords(given, manifest), ...plain(["exit-codes"])];
  // Flags and their values make the position uncertain, so only the first free argument is completed.
  if (given.some((word) => !word.startsWith("-"))) return [];
  if (withServiceName.has(command.id)) return plain(await names.services());
  if (command.id === "context:use" || command.id === "context:remove") return plain(await names.contexts());
  return command.id === "config:explain" ? plain(await names.settings()) : [];
}

function plain(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, description: "" }));
}

/** Commands whose first argument names a service that exists. */
const withServiceName = new Set(["status", "logs", "kill", "restart", "scale", "health", "events"]);
const maxCommandWords = 3;
