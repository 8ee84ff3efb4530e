import { ownVariables, SoloError } from "../../api/index.ts";
import { secretNameForm, secretNamePattern } from "../../api/secret-name.ts";
import type { SecretRef } from "../../api/secret-ref.ts";

/** `--secret NAME`, or `--secret NAME=VARIABLE`. */
export function secretOf(word: string): SecretRef {
  const equals = word.indexOf("=");
  const name = equals === -1 ? word : word.slice(0, equals);
  const env = equals === -1 ? undefined : word.slice(equals + 1);
  // What stands behind the = is not repeated: somebody may have written the value there.
  if (!secretNamePattern.test(name)) throw usage(`--secret: ${JSON.stringify(name)} is no name: use ${secretNameForm}`);
  if (env === undefined) return { name };
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) throw usage(`--secret ${name}: what follows the = is no variable's name`);
  if (ownVariables.has(env)) throw usage(`--secret ${name}: Solo sets ${env} itself`);
  return { name, env };
}

function usage(message: string): SoloError {
  return new SoloError("usage", message, {
    hint: "write --secret NAME, or --secret NAME=VARIABLE; `solo secrets set NAME` takes the value from standard input",
  });
}
