import type { SecretDeleted, SecretList, SecretRekeyed, SecretUnlocked, SecretWritten } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderTable } from "./table.ts";

export function renderSecrets({ secrets }: SecretList, view: View): string {
  if (secrets.length === 0) return "no secrets; `solo secrets set NAME` makes one";
  return renderTable(
    secrets,
    [
      { title: "NAME", value: ({ secret }) => secret },
      { title: "VERSION", value: ({ version }) => String(version), align: "right" },
      { title: "BYTES", value: ({ bytes }) => String(bytes), align: "right" },
      { title: "UPDATED", value: ({ updated }) => updated },
      { title: "SERVICES", value: ({ services }) => services.join(", "), shrinks: true },
    ],
    view,
  );
}

export function renderSecretWritten({ secret, version, delivered, restart_needed, restarted }: SecretWritten): string {
  const lines = [`${secret} has version ${version}`];
  if (delivered.length > 0) lines.push(`delivered to ${delivered.join(", ")}`);
  if (restarted.length > 0) lines.push(`restarted: ${restarted.join(", ")}`);
  if (restart_needed.length > 0) {
    const names = restart_needed.join(", ");
    lines.push(`still has the former value in its environment: ${names}; \`solo restart NAME\` gives it the new one`);
  }
  return lines.join("\n");
}

export function renderSecretDeleted(isDryRun: boolean) {
  return ({ secret, deleted, services }: SecretDeleted): string => {
    if (!deleted) return `${secret} was not there`;
    const done = isDryRun ? `${secret} would be deleted` : `${secret} is deleted`;
    return services.length === 0 ? done : `${done}; without it these can't be started any more: ${services.join(", ")}`;
  };
}

export function renderSecretRekeyed({ tenants, secrets, sealed_by }: SecretRekeyed): string {
  const by = { file: "a new key file", passphrase: "the passphrase", credential: "the credential" }[sealed_by];
  const of = tenants === 1 ? "1 tenant" : `${tenants} tenants`;
  return `${secrets === 1 ? "1 secret" : `${secrets} secrets`} of ${of} sealed anew, by ${by}`;
}

export function renderSecretUnlocked(_: SecretUnlocked): string {
  return "the secrets are open";
}
