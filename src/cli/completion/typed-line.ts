import { globalFlagArity } from "../flags/arity.ts";

/** What stands before the word that is being completed. */
export interface TypedLine {
  /** Words of the command and its own arguments and flags. */
  readonly words: readonly string[];
  /** Values of global flags by their name, such as `tenant`: they decide which names there are. */
  readonly globals: Readonly<Record<string, string>>;
}

/** Takes the global flags, which may stand anywhere, out of a line. One whose value is still to come stays as the last word. */
export function readTypedLine(before: readonly string[]): TypedLine {
  const words: string[] = [];
  const globals: Record<string, string> = {};
  for (let index = 0; index < before.length; index++) {
    const word = before[index] ?? "";
    const equals = word.indexOf("=");
    const flag = equals === -1 ? word : word.slice(0, equals);
    const arity = globalFlagArity.get(flag);
    if (arity === undefined || (arity === 1 && equals === -1 && index + 1 === before.length)) {
      words.push(word);
    } else if (arity === 1) {
      globals[flag.slice(2)] = equals === -1 ? (before[index + 1] ?? "") : word.slice(equals + 1);
      if (equals === -1) index += 1;
    }
  }
  return { words, globals };
}
