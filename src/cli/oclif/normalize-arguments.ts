import { globalFlagArity } from "../flags/arity.ts";

export interface NormalizedArguments {
  /** The command's id (`config:show`); undefined when the words name none. */
  readonly id: string | undefined;
  /** What follows the command's words. Global flags that stood before them are moved here. */
  readonly rest: readonly string[];
  /** Whether help is asked for, by flag and not behind `--`. */
  readonly help: boolean;
}

/** Splits a command line into the command and its arguments, taking the longest run of words that names a command. */
export function normalizeArguments(argv: readonly string[], exists: (id: string) => boolean): NormalizedArguments {
  const start = leadingFlags(argv);
  const words = wordsFrom(argv, start);
  const leading = argv.slice(0, start);
  const help = beforeSeparator(argv).some((argument) => argument === "--help" || argument === "-h");
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(":");
    if (exists(id)) return { id, rest: [...leading, ...argv.slice(start + count)], help };
  }
  return { id: undefined, rest: argv.slice(start), help };
}

/** The index of the first argument that is neither a known global flag nor its value. */
function leadingFlags(argv: readonly string[]): number {
  let index = 0;
  while (index < argv.length) {
    const [name, value] = (argv[index] ?? "").split("=", 2);
    const arity = globalFlagArity.get(name ?? "");
    if (arity === undefined) break;
    index += value === undefined ? 1 + arity : 1;
  }
  return Math.min(index, argv.length);
}

/** The words that may name a command: at most as many as the deepest topic has. */
function wordsFrom(argv: readonly string[], start: number): string[] {
  const words: string[] = [];
  for (const argument of argv.slice(start, start + maxCommandWords)) {
    if (!/^[a-z][a-z-]*$/.test(argument)) break;
    words.push(argument);
  }
  return words;
}

function beforeSeparator(argv: readonly string[]): readonly string[] {
  const separator = argv.indexOf("--");
  return separator === -1 ? argv : argv.slice(0, separator);
}

const maxCommandWords = 3;
