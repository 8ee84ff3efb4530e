import { type ServiceSpec, SoloError } from "../../api/index.ts";

/** @throws SoloError `invalid_request` when several instances would have to listen on one port */
export function refuseSharedPort(name: string, { fixed_port }: ServiceSpec, replicas: number): void {
  if (fixed_port === undefined || replicas <= 1) return;
  throw new SoloError("invalid_request", `${name} listens on the fixed port ${fixed_port}: one instance at most`, {
    hint: "let it listen on $PORT instead, which is different for each instance",
  });
}
