import type { DiscoveredService } from "../../../../src/api/index.ts";
import type { ListServices } from "../../../../src/gateway/dns/respond.ts";

/** A tenant's registry, as DNS is asked about it. */
const services: readonly DiscoveredService[] = [
  service({ service_id: "billing", instances: [instance(4001), instance(4002)], metadata: { region: "eu" } }),
  service({ service_id: "far", url: "http://10.0.0.7:9000/" }),
  service({ service_id: "six", url: "https://[2001:db8::7]/" }),
  service({ service_id: "named", url: "https://pay.example.com/" }),
  service({ service_id: "down", alive: false, service_name: "down", instances: [] }),
  service({ service_id: "long".padEnd(64, "g"), instances: [instance(4003)], service_name: "long" }),
  ...Array.from({ length: 200 }, (_, index) =>
    service({ service_id: `shard-${index}`, service_name: "many", instances: [instance(5000 + index)] }),
  ),
];

export const list: ListServices = async (tenant) => (tenant === "default" ? services : []);

function instance(port: number) {
  return { id: `i-${port}`, port };
}

function service(facts: Partial<DiscoveredService>): DiscoveredService {
  return {
    ...{ service_id: "x", service_name: "payments", tenant: "default", version: "1.0.0", handle: "0".repeat(32) },
    ...{ alive: true, source: "registered", instance: null, url: null, instances: [], metadata: {} },
    ...{ registered: "2026-11-21T00:00:00.000Z", expires: null },
    ...facts,
  };
}
