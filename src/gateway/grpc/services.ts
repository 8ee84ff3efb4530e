import { status } from "@grpc/grpc-js";
import { nameForm, namePattern, type ServiceStatus, SoloError } from "../../api/index.ts";
import { DeployFormat, SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { type CodeFormat, checkInput, type Deployed, deployCode } from "../shared/index.ts";
import type { Call } from "./call.ts";
import { type Method, unary } from "./method.ts";
import { StatusError } from "./status.ts";
import { invalid, millisecondsOf, timeOf } from "./values.ts";

/** Deploy, Update, Status, Kill, List. */
export const serviceMethods: readonly Method[] = [
  unary(SoloKernel.method.deploy, async ({ serviceId, code, format }, call) => {
    const name = serviceOf(serviceId);
    const source = sourceOf(code, format);
    const tenant = call.tenant();
    const result = await deployCode(call.deployer, { tenant, name, ...source, ...within(call) }, async (api) => {
      const existing = await api.status({ tenant, name }).catch(onlyNotFound);
      if (existing === undefined || hasEnded(existing)) return {};
      throw new StatusError(
        status.ALREADY_EXISTS,
        "conflict",
        `service ${name} exists`,
        "Update gives it other code, Kill ends it",
      );
    });
    return deployed(result);
  }),
  unary(SoloKernel.method.update, async ({ serviceId, code, format, ifUpdatedMs }, call) => {
    const name = serviceOf(serviceId);
    const source = sourceOf(code, format);
    const condition = ifUpdatedMs !== undefined && { if_updated: timeOf(ifUpdatedMs, "if_updated_ms") };
    const tenant = call.tenant();
    const changes = { ...source, ...within(call), ...condition };
    const result = await deployCode(call.deployer, { tenant, name, ...changes }, (api) => api.status({ tenant, name }));
    return { ...deployed(result), changed: result.changed };
  }),
  unary(SoloKernel.method.status, async ({ serviceId }, call) =>
    statusOf(await call.api.status(checkInput("status", { tenant: call.tenant(), name: serviceOf(serviceId) }))),
  ),
  unary(SoloKernel.method.kill, async ({ serviceId, timeoutMs, force }, call) => {
    const name = serviceOf(serviceId);
    await call.api.kill({ tenant: call.tenant(), name, force, grace_ms: timeoutMs > 0 ? timeoutMs : defaultGraceMs });
    return { serviceId: name, status: "ok" };
  }),
  unary(SoloKernel.method.list, async (_, call) => {
    const { services } = await call.api.list(checkInput("list", { tenant: call.tenant() }));
    return { services: services.map(({ service, ready, state }) => ({ serviceId: service, alive: ready > 0, state })) };
  }),
];

/** @throws SoloError `invalid_name` */
export function serviceOf(serviceId: string): string {
  if (namePattern.test(serviceId)) return serviceId;
  throw new SoloError("invalid_name", `service_id: expects ${nameForm}`, {
    details: { field: "service_id" },
  });
}

/** What the predecessor gave where nothing, or nothing sensible, was asked for. */
export const defaultGraceMs = 5_000;

const formats: Readonly<Record<number, CodeFormat>> = {
  [DeployFormat.DEPLOY_FORMAT_UNSPECIFIED]: "typescript",
  [DeployFormat.TYPESCRIPT]: "typescript",
  [DeployFormat.JAVASCRIPT]: "javascript",
};

function sourceOf(code: string, format: DeployFormat): { readonly code: string; readonly format: CodeFormat } {
  if (format === DeployFormat.ELIXIR_SOURCE) {
    throw invalid("format", "ELIXIR_SOURCE is not run here: send TYPESCRIPT or JAVASCRIPT");
  }
  const known = formats[format];
  if (known === undefined) throw invalid("format", "expects TYPESCRIPT or JAVASCRIPT");
  if (code === "") throw invalid("code", "expects the text of a module");
  return { code, format: known };
}

/** No longer than the client waits. */
function within({ timeLeftMs }: Call): { readonly timeout_ms?: number } {
  return timeLeftMs === undefined ? {} : { timeout_ms: Math.min(timeLeftMs, maxWaitMs) };
}

const maxWaitMs = 86_400_000;

function deployed({ service, revision, url }: Deployed) {
  return { serviceId: service, status: "ok", revision, url: url ?? "" };
}

function hasEnded({ state }: ServiceStatus): boolean {
  return state === "stopped" || state === "completed" || state === "failed";
}

function statusOf(service: ServiceStatus) {
  const { tenant, state, revision, replicas, ready, restarts, url } = service;
  return {
    serviceId: service.service,
    alive: ready > 0,
    memoryBytes: BigInt(service.rss_bytes),
    messageQueueLen: BigInt(service.mailbox?.waiting ?? 0),
    ...{ tenant, state, revision, replicas, ready, restarts },
    uptimeMs: BigInt(service.uptime_ms),
    url: url ?? "",
    updatedMs: millisecondsOf(service.updated),
  };
}

function onlyNotFound(thrown: unknown): undefined {
  if (SoloError.from(thrown).code !== "not_found") throw thrown;
}
