import { SoloError } from "../api/index.ts";
import { serviceName } from "./service-name.ts";

/** The service that a command names first, and the arguments behind it: with `--service-id` all of them are those. */
export function nameAndWords(
  given: readonly (string | undefined)[],
  flag: string | undefined,
  expected: readonly string[],
): { readonly name: string; readonly words: readonly string[] } {
  const words = given.filter((word) => word !== undefined);
  const name = serviceName(flag === undefined ? words.shift() : undefined, flag);
  const required = expected.filter((word) => !word.startsWith("["));
  const missing = required[words.length];
  if (missing === undefined && words.length <= expected.length) return { name, words };
  throw new SoloError("usage", missing === undefined ? "too many arguments" : `missing argument ${missing}`, {
    hint: `after ${name} ${expected.length === 1 ? "comes" : "come"} ${expected.join(" ")}`,
  });
}

/** A JSON argument. @throws SoloError `usage` */
export function parseJsonArgument(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SoloError("usage", `${what} is no JSON: ${text.slice(0, longestQuote)}`, {
      hint: `quote it for the shell: '{"a": 1}', or '"text"' for a text`,
      cause,
    });
  }
}

const longestQuote = 80;
