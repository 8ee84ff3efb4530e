import type { DeployRequest } from "../../api/index.ts";

type Services = DeployRequest["services"];

/** What `--sandbox` and `--unsandboxed` make of services as they are described. */
export function sandboxed(
  services: Services,
  { sandbox = false, unsandboxed = false }: { readonly sandbox?: boolean; readonly unsandboxed?: boolean },
): Services {
  return services.map(({ name, spec: { sandbox: own, ...spec } }) => {
    const chosen = unsandboxed ? undefined : (own ?? (sandbox ? {} : undefined));
    return { name, spec: chosen === undefined ? spec : { ...spec, sandbox: chosen } };
  });
}

/** Names of the services that `--unsandboxed` takes a sandbox from, or leaves without one. */
export function warningOf(services: Services): string {
  const names = services.map(({ name }) => name).join(", ");
  return `WARNING: ${names} ${services.length === 1 ? "runs" : "run"} without a sandbox and may do whatever you may`;
}
