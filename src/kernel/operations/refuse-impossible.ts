import { type OperationRequest, SoloError } from "../../api/index.ts";
import { checkDependencies, type NamedService } from "../../config/index.ts";

/**
 * @param deployed services of the tenant that are wanted already
 * @throws SoloError for what can never work, whatever the sources hold
 */
export function refuseImpossible(
  { services }: Pick<OperationRequest<"deploy">, "services">,
  deployed: readonly NamedService[],
): void {
  for (const [index, { name, spec }] of services.entries()) {
    if (services.findIndex((other) => other.name === name) !== index) {
      throw new SoloError("invalid_request", `services.${index}.name: ${name} is named twice in one request`);
    }
    if (spec.evolution !== undefined && spec.kind !== "port") {
      throw new SoloError("invalid_config", `${name}: only an agent (kind port) changes itself`, {
        hint: "leave `evolution` out",
      });
    }
    const { startup, readiness, liveness } = spec.health;
    if (spec.kind === "command" && [startup, readiness, liveness].some((probe) => probe?.type === "heartbeat")) {
      throw new SoloError("invalid_config", `${name}: a command sends no heartbeat`, {
        hint: "probe it by http, tcp or exec; heartbeats come from source and wasm services",
      });
    }
  }
  refuseTwiceUsedPort(services);
  const [fault] = checkDependencies(services, deployed);
  if (fault === undefined) return;
  throw new SoloError("invalid_config", `${fault.service} depends on ${fault.dependency}: ${fault.message}`, {
    hint: fault.hint,
  });
}

function refuseTwiceUsedPort(services: OperationRequest<"deploy">["services"]): void {
  const owners = new Map<number, string>();
  for (const { name, spec } of services) {
    if (spec.fixed_port === undefined) continue;
    const owner = owners.get(spec.fixed_port);
    if (owner !== undefined) {
      throw new SoloError("invalid_config", `${owner} and ${name} would both listen on port ${spec.fixed_port}`, {
        hint: "give each its own fixed_port",
      });
    }
    owners.set(spec.fixed_port, name);
  }
}
