import { ownVariables } from "../../api/host-variables.ts";
import type { SecretRef } from "../../api/secret-ref.ts";
import type { KeyPath } from "../scan/key-map.ts";
import type { Report } from "./report.ts";
import type { ServiceFile } from "./schema.ts";

/** `secrets = ["NAME", { name = "NAME", env = "VARIABLE" }]` in its normal form. */
export function toSecrets(secrets: NonNullable<ServiceFile["secrets"]>): SecretRef[] {
  return secrets.map((secret) => (typeof secret === "string" ? { name: secret } : secret));
}

/** Names and variables that would be given twice, or that are Solo's own. */
export function checkSecrets({ secrets = [], env = {} }: ServiceFile, path: KeyPath, report: Report): void {
  const names = new Set<string>();
  const variables = new Set(Object.keys(env));
  for (const [index, { name, env: variable }] of toSecrets(secrets).entries()) {
    if (names.has(name)) report([...path, index], `${name} is named twice`, "name each secret once");
    names.add(name);
    if (variable === undefined) continue;
    if (ownVariables.has(variable))
      report([...path, index, "env"], `Solo sets ${variable} itself`, "choose another name");
    if (variables.has(variable)) report([...path, index, "env"], `${variable} is set twice`, "choose another name");
    variables.add(variable);
  }
}
