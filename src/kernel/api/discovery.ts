import {
  type Caller,
  type DiscoveryOutput,
  discoverRequestSchema,
  type OperationRequest,
  registerRequestSchema,
  registryListRequestSchema,
  renewRequestSchema,
  type SoloApi,
  SoloError,
  unregisterRequestSchema,
} from "../../api/index.ts";
import type { Registration } from "../../discover/index.ts";
import { coversService } from "../access/index.ts";
import { tellOf } from "../discovery.ts";
import type { Kernel } from "../kernel.ts";
import { accept } from "./accept.ts";

/** The operations on the registry of services, as one caller has them. */
export function discoveryApi(kernel: Kernel, caller: Caller): Pick<SoloApi, keyof DiscoveryOutput> {
  const { discovery } = kernel.parts;
  return {
    registryRegister: async (input) => register(kernel, caller, accept(registerRequestSchema, input)),
    registryRenew: async (input) => {
      const { tenant, handle } = accept(renewRequestSchema, input);
      const { handle: known } = findOwn(kernel, caller, tenant, handle);
      return discovery.documentOf(discovery.registry.renew(tenant, known) ?? unknownHandle(handle));
    },
    registryUnregister: async (input) => {
      const { tenant, handle } = accept(unregisterRequestSchema, input);
      const { serviceId, serviceName } = findOwn(kernel, caller, tenant, handle);
      const ended = discovery.registry.unregister(tenant, handle) ?? unknownHandle(handle);
      tellOf(kernel, "service_unregistered", ended);
      return { service_id: serviceId, service_name: serviceName, tenant, handle };
    },
    registryDiscover: async (input) => {
      const { tenant, service_name, filters } = accept(discoverRequestSchema, input);
      const services = [...discovery.list(tenant, service_name, filters)];
      return { services, total: services.length };
    },
    registryList: async (input) => {
      const { tenant, service_name } = accept(registryListRequestSchema, input);
      const services = [...discovery.list(tenant, service_name)];
      return { services, total: services.length };
    },
  };
}

/** An instance registers itself: what it registers ends with it. */
function register(kernel: Kernel, caller: Caller, request: OperationRequest<"registryRegister">) {
  const { discovery } = kernel.parts;
  const { tenant, service_id, service_name, version, metadata, ttl_ms, url = null } = request;
  const instance = caller.kind === "service" ? caller.instance : null;
  if (discovery.declares({ tenant, name: service_id }, service_name)) {
    throw new SoloError("conflict", `${service_id} declares that it provides ${service_name}`, {
      hint: "what `provides` in solo.toml says is registered as long as the service runs: change it there",
    });
  }
  const registration = discovery.registry.register({
    ...{ tenant, serviceId: service_id, serviceName: service_name, instance },
    ...{ version, metadata, url, ttlMs: ttl_ms },
  });
  tellOf(kernel, "service_registered", registration);
  return discovery.documentOf(registration);
}

/**
 * The registration of a handle, which opens nothing by itself.
 * @throws SoloError `not_found`, in the same words for one that there is not and one that is not the caller's to change;
 * `conflict` for a declared one
 */
function findOwn({ parts }: Kernel, caller: Caller, tenant: string, handle: string): Registration {
  const registration = parts.discovery.registry.find(tenant, handle);
  if (registration !== undefined) {
    return mayChange(caller, registration) ? registration : unknownHandle(handle);
  }
  if (caller.kind === "owner" && parts.discovery.isDeclared(tenant, handle)) {
    throw new SoloError("conflict", `${handle} is declared by a service's solo.toml`, {
      hint: "it lasts as long as the service runs: remove it from `provides` and deploy, or `solo kill` the service",
    });
  }
  return unknownHandle(handle);
}

function mayChange(caller: Caller, { tenant, serviceId }: Registration): boolean {
  if (caller.kind === "owner") return true;
  return caller.kind !== "anonymous" && coversService(caller.capability, tenant, serviceId);
}

function unknownHandle(handle: string): never {
  throw new SoloError("not_found", `nothing is registered under the handle ${handle}`, {
    hint: "it may have expired: register again; `solo registry list` shows what there is",
  });
}
