import type { Interfaces } from "@oclif/core";

/** What a command makes of its command line. */
export type Parsed<
  Flags extends Interfaces.OutputFlags<Interfaces.FlagInput>,
  BaseFlags extends Interfaces.OutputFlags<Interfaces.FlagInput>,
  Args extends Interfaces.OutputArgs<Interfaces.ArgInput>,
> = Pick<Interfaces.ParserOutput<Flags, BaseFlags, Args>, "args" | "argv" | "flags">;

/** The same, not yet told apart by the command's own flags and arguments: oclif's descriptions say what each becomes. */
export type ParsedLine = Pick<Interfaces.ParserOutput, "args" | "argv" | "flags">;

/** What of oclif's descriptions of flags and arguments a plain line needs. Whatever uses more of them is not plain. */
export interface PlainLine {
  readonly flags: Readonly<Record<string, PlainFlag>>;
  readonly args: Readonly<Record<string, PlainArgument>>;
}

interface PlainFlag {
  readonly type: "boolean" | "option";
  readonly char?: string;
  readonly allowNo?: boolean;
  readonly multiple?: boolean;
  readonly multipleNonGreedy?: boolean;
  readonly options?: readonly string[];
  readonly default?: unknown;
  readonly required?: boolean;
  readonly dependsOn?: readonly string[];
  readonly exclusive?: readonly string[];
  parse(input: string | boolean, context: object, options: object): Promise<unknown>;
}

interface PlainArgument {
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly options?: readonly string[];
  readonly default?: unknown;
  parse(input: string, context: object, options: object): Promise<unknown>;
}

/**
 * Parses a command line in which nothing is unusual, as nearly every one is, without loading oclif's parser: that takes as
 * long as asking the kernel. Anything that is wrong, rare or ambiguous is left to oclif, which has the last word on it.
 *
 * @returns what oclif's parser would; undefined when that one is to be asked
 */
export async function parsePlain({ flags, args }: PlainLine, argv: readonly string[]): Promise<ParsedLine | undefined> {
  const given = new Map<string, (string | boolean)[]>();
  const words: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    if (!argument.startsWith("-")) {
      words.push(argument);
      continue;
    }
    const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
    const found = findFlag(flags, equals === -1 ? argument : argument.slice(0, equals));
    if (found === undefined) return undefined;
    const { name, flag, negated } = found;
    const before = given.get(name);
    if (before !== undefined && !(flag.multiple && flag.multipleNonGreedy)) return undefined;
    if (flag.type === "boolean") {
      if (equals !== -1) return undefined;
      given.set(name, [!negated]);
      continue;
    }
    const value = equals === -1 ? argv[++index] : argument.slice(equals + 1);
    if (value?.startsWith("-") !== false) return undefined;
    given.set(name, [...(before ?? []), value]);
  }
  try {
    const readFlags = await flagValues(flags, given);
    const readArgs = await argumentValues(args, words);
    return readFlags && readArgs && { flags: readFlags, args: readArgs, argv: words };
  } catch {
    // A value that is none: oclif says so in its own words.
    return undefined;
  }
}

function findFlag(flags: PlainLine["flags"], word: string) {
  const isLong = word.startsWith("--");
  const long = word.slice(2);
  const exact = isLong && Object.hasOwn(flags, long) ? long : undefined;
  const short = isLong ? undefined : Object.keys(flags).find((key) => word === `-${flags[key]?.char}`);
  const name = exact ?? short ?? (word.startsWith("--no-") ? word.slice("--no-".length) : undefined);
  const flag = name !== undefined && Object.hasOwn(flags, name) ? flags[name] : undefined;
  const negated = exact === undefined && short === undefined;
  if (name === undefined || flag === undefined) return undefined;
  if (negated && !(flag.type === "boolean" && flag.allowNo)) return undefined;
  return { name, flag, negated };
}

async function flagValues(flags: PlainLine["flags"], given: ReadonlyMap<string, readonly (string | boolean)[]>) {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const inputs = given.get(name);
    for (const member of unusual) if (member in flag) return undefined;
    if (inputs === undefined) {
      if (flag.required || typeof flag.default === "function") return undefined;
      if (flag.default !== undefined) values[name] = flag.default;
      continue;
    }
    if (flag.dependsOn !== undefined || flag.exclusive !== undefined) return undefined;
    if (flag.multiple && !flag.multipleNonGreedy) return undefined;
    if (inputs.some((input) => typeof input === "string" && flag.options?.includes(input) === false)) return undefined;
    const parsed: unknown[] = [];
    for (const input of inputs) parsed.push(await flag.parse(input, {}, { ...flag, name }));
    values[name] = flag.multiple ? parsed : parsed[0];
  }
  return values;
}

async function argumentValues(args: PlainLine["args"], words: readonly string[]) {
  const values: Record<string, unknown> = {};
  const entries = Object.entries(args);
  if (words.length > entries.length) return undefined;
  for (const [index, [name, argument]] of entries.entries()) {
    const word = words[index];
    if (argument.multiple || argument.options !== undefined || argument.default !== undefined) return undefined;
    if (word !== undefined) values[name] = await argument.parse(word, {}, argument);
    else if (argument.required) return undefined;
  }
  return values;
}

/** What no flag of Solo's has. */
const unusual = [
  "aliases",
  "allowStdin",
  "atLeastOne",
  "charAliases",
  "combinable",
  "defaultHelp",
  "delimiter",
  "deprecated",
  "env",
  "exactlyOne",
  "relationships",
];
