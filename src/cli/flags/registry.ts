import { string as argument } from "@oclif/core/args";
import { SoloError } from "../../api/error.ts";
import { nameForm, namePattern } from "../../api/name-pattern.ts";

export const handleArgument = {
  handle: argument({ description: "Handle of the registration, as it was answered", ignoreStdin: true }),
};

/** @throws SoloError `usage` when it is missing */
export function handleOf(handle: string | undefined): string {
  if (handle !== undefined) return handle;
  throw new SoloError("usage", "missing argument HANDLE", { hint: "`solo registry list` shows the handles" });
}

/** @throws SoloError `usage` when it is missing, `invalid_name` when it is none */
export function providedName(name: string | undefined): string {
  const checked = optionalProvidedName(name);
  if (checked !== undefined) return checked;
  throw new SoloError("usage", "missing argument NAME", { hint: "`solo registry list` shows the names" });
}

/** @throws SoloError `invalid_name` */
export function optionalProvidedName(name: string | undefined): string | undefined {
  if (name === undefined || namePattern.test(name)) return name;
  throw new SoloError("invalid_name", `invalid name ${JSON.stringify(name.slice(0, 80))}: use ${nameForm}`);
}

/** @throws SoloError `usage` for one that is no KEY=VALUE, or a key twice */
export function fieldsOf(given: readonly string[] | undefined, flag: string): Record<string, string> {
  const fields = new Map<string, string>();
  for (const text of given ?? []) {
    const [key = "", ...rest] = text.split("=");
    if (key === "" || rest.length === 0) {
      throw new SoloError("usage", `--${flag} expects KEY=VALUE, got ${JSON.stringify(text)}`, {
        hint: `for example --${flag} region=eu`,
      });
    }
    if (fields.has(key)) throw new SoloError("usage", `--${flag} gives ${key} twice`, { hint: "give each key once" });
    fields.set(key, rest.join("="));
  }
  return Object.fromEntries(fields);
}
