import type { DiscoveredService } from "../../api/index.ts";
import { SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { type Method, unary } from "./method.ts";
import { serviceOf } from "./services.ts";
import { given } from "./values.ts";

/** RegisterService, DiscoverService, GetServices. */
export const discoveryMethods: readonly Method[] = [
  unary(SoloKernel.method.registerService, async ({ serviceId, serviceName, version, metadata, ttlSeconds }, call) => {
    const { handle } = await call.api.registryRegister({
      tenant: call.tenant(),
      service_id: serviceOf(serviceId),
      service_name: serviceName,
      version: given(version),
      metadata,
      ttl_ms: ttlSeconds * 1_000,
    });
    return { registered: true, serviceHandle: handle ?? "" };
  }),
  unary(SoloKernel.method.discoverService, async ({ serviceName, filters }, call) => {
    const { services } = await call.api.registryDiscover({ tenant: call.tenant(), service_name: serviceName, filters });
    return { services: services.map(discoveredOf) };
  }),
  unary(SoloKernel.method.getServices, async ({ serviceName }, call) => {
    const { services, total } = await call.api.registryList({
      tenant: call.tenant(),
      service_name: given(serviceName),
    });
    return { services: services.map(discoveredOf), totalCount: BigInt(total) };
  }),
];

function discoveredOf({ service_id, handle, service_name, version, alive, metadata }: DiscoveredService) {
  return {
    serviceId: service_id,
    serviceHandle: handle ?? "",
    serviceName: service_name,
    ...{ version, alive, metadata },
  };
}
