import { type ServiceSpec, SoloError } from "../../api/index.ts";
import { type Instance, isPortFree } from "../../supervise/index.ts";

/** @throws SoloError `invalid_request` when several instances would have to listen on one port, or to write one agent's log */
export function refuseSharedPort(name: string, { kind, fixed_port }: ServiceSpec, replicas: number): void {
  if (kind === "port" && replicas > 1) {
    throw new SoloError("invalid_request", `${name} is an agent, which is one process with one log`, {
      hint: "deploy it under several names instead",
    });
  }
  if (fixed_port === undefined || replicas <= 1) return;
  throw new SoloError("invalid_request", `${name} listens on the fixed port ${fixed_port}: one instance at most`, {
    hint: "let it listen on $PORT instead, which is different for each instance",
  });
}

/**
 * Without this a probe of the port would take the program that has it for the service's own.
 * @throws SoloError `port_in_use` when a program other than the service itself listens on its fixed port
 */
export function refuseTakenPort(
  instances: readonly Pick<Instance, "pid" | "port">[],
  { fixed_port: port }: ServiceSpec,
): void {
  if (port === undefined || instances.some((instance) => instance.pid !== null && instance.port === port)) return;
  if (isPortFree(port)) return;
  throw new SoloError("port_in_use", `port ${port} is in use by another program`, {
    hint: `stop it (\`ss -ltnp 'sport = :${port}'\` shows which), or give the service another port`,
  });
}
