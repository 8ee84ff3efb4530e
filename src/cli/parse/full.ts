import type { Interfaces } from "@oclif/core";
import { parse } from "@oclif/core/parser";
import { SoloError } from "../../api/index.ts";
import type { ParsedLine } from "./plain.ts";
import { usageError } from "./usage-error.ts";

type Flags = Interfaces.OutputFlags<Interfaces.FlagInput>;
type Args = Interfaces.OutputArgs<Interfaces.ArgInput>;

/**
 * Parses any command line, by oclif's parser.
 * @param id the command's id, such as `config:show`
 * @throws SoloError `usage`
 */
export async function parseFully(
  input: Interfaces.Input<Flags, Flags, Args>,
  argv: readonly string[],
  id: string,
): Promise<ParsedLine> {
  const { flags, baseFlags, args } = input;
  // oclif takes an argument that is missing from standard input: a loop's next line would become a service's name.
  for (const argument of Object.values<{ ignoreStdin?: boolean }>(args ?? {})) argument.ignoreStdin = true;
  try {
    return await parse([...argv], { ...input, flags: { ...baseFlags, ...flags } });
  } catch (error) {
    if (error instanceof SoloError) throw inItsOwnWords(error);
    throw error instanceof Error && "oclif" in error ? usageError(error, id) : error;
  }
}

/** oclif writes around the message of a value that a flag's own parser refused. */
function inItsOwnWords(error: SoloError): SoloError {
  const message = /^Parsing --\S+ \n\t(.*)\nSee more help with --help$/s.exec(error.message)?.[1] ?? error.message;
  const { code, hint, details } = error;
  return new SoloError(code, message, { ...(hint !== null && { hint }), ...(details && { details }), cause: error });
}
