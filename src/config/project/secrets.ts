import { ownVariables } from "../../api/host-variables.ts";
import { secretNameForm, secretNamePattern } from "../../api/secret-name.ts";
import type { SecretRef } from "../../api/secret-ref.ts";
import type { KeyPath } from "../scan/key-map.ts";
import type { Report } from "./report.ts";
import type { ServiceFile } from "./schema.ts";

/**
 * `secrets = ["NAME", { name = "NAME", env = "VARIABLE" }]` in its normal form. What can't be so is reported, and left out: a name that is
 * none, one that is given twice, a variable that is set twice or is Solo's own.
 */
export function toSecrets({ secrets = [], env = {} }: ServiceFile, path: KeyPath, report: Report): SecretRef[] {
  const names = new Set<string>();
  const variables = new Set(Object.keys(env));
  return secrets.flatMap((written, index) => {
    const secret = typeof written === "string" ? { name: written } : written;
    const fault = faultIn(secret, names, variables);
    names.add(secret.name);
    if (fault !== undefined) {
      report([...path, index], ...fault);
      return [];
    }
    const { name, env: variable } = { env: undefined, ...secret };
    if (variable === undefined) return [{ name }];
    variables.add(variable);
    return [{ name, env: variable }];
  });
}

function faultIn(
  { name, env }: { readonly name: string; readonly env?: string | undefined },
  names: ReadonlySet<string>,
  variables: ReadonlySet<string>,
): [message: string, hint: string] | undefined {
  if (!secretNamePattern.test(name)) return [`${JSON.stringify(name)} is no secret's name`, `use ${secretNameForm}`];
  if (names.has(name)) return [`${name} is named twice`, "name each secret once"];
  if (env === undefined) return undefined;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) return [`${JSON.stringify(env)} is no variable's name`, "choose another"];
  if (ownVariables.has(env)) return [`Solo sets ${env} itself`, "choose another name"];
  return variables.has(env) ? [`${env} is set twice`, "choose another name"] : undefined;
}
