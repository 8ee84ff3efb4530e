import type { Command, Interfaces } from "@oclif/core";
import { readTypedLine } from "./typed-line.ts";

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
  const current = words.at(-1) ?? "";
  const { words: before } = readTypedLine(words.slice(0, -1));
  if (before.includes("--")) return [];
  const { command, depth } = commandOf(before, manifest);
  const assignment = /^(--[a-z-]+)=(.*)$/s.exec(current);
  if (assignment) return assigned(command, assignment[1] ?? "", assignment[2] ?? "", names);
  const previous = before.at(-1) ?? "";
  const flag = previous.startsWith("-") ? flagOf(command, previous) : undefined;
  const found =
    flag?.type === "option"
      ? await valuesOf(flag, names)
      : current.startsWith("-") && command
        ? flagsOf(command)
        : command && !hasSubcommands(command.id, manifest)
          ? await argumentsOf(command, before.slice(depth), manifest, names)
          : commandWords(before, manifest);
  return matching(found, current);
}

/** `--flag=value` as one word. */
async function assigned(command: Command.Cached | undefined, name: string, value: string, names: NameSource) {
  const flag = flagOf(command, name);
  const values = flag?.type === "option" ? await valuesOf(flag, names) : [];
  return matching(values, value).map(({ word, description }) => ({ word: `${name}=${word}`, description }));
}

function matching(found: readonly Candidate[], beginning: string): Candidate[] {
  return found
    .filter(({ word }) => word.startsWith(beginning))
    .sort((one, other) => one.word.localeCompare(other.word));
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

function flagOf(command: Command.Cached | undefined, word: string) {
  // A context may be given before the command, too.
  if (command === undefined) return word === "--context" ? ({ type: "option", name: "context" } as const) : undefined;
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
  // No command takes a second argument that has a name.
  if (given.some((word, index) => !word.startsWith("-") && !takesValue(command, given[index - 1]))) return [];
  if (withServiceName.has(command.id)) return plain(await names.services());
  if (command.id === "context:use" || command.id === "context:remove") return plain(await names.contexts());
  return command.id === "config:explain" ? plain(await names.settings()) : [];
}

function takesValue(command: Command.Cached, word = ""): boolean {
  return word.startsWith("-") && !word.includes("=") && flagOf(command, word)?.type === "option";
}

function plain(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, description: "" }));
}

/** Commands whose first argument names a service that exists. */
const withServiceName = new Set([
  "status",
  "logs",
  "kill",
  "remove",
  "restart",
  "scale",
  "health",
  "events",
  "call",
  "why",
  "budget",
  "signal",
  "effects:list",
  "effects:resolve",
]);
const maxCommandWords = 3;
