import { status } from "@grpc/grpc-js";
import type { SoloApi } from "../../api/index.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../api/proto/grpc/health/v1/health.gen.ts";
import { SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { pause } from "../../system/index.ts";
import { type Method, serverStreaming, unary } from "./method.ts";
import { StatusError } from "./status.ts";

/** The standard health service (https://grpc.io/docs/guides/health-checking), of the whole kernel. */
export const healthMethods: readonly Method[] = [
  unary(Health.method.check, async ({ service }, { api }) => {
    if (isKnown(service)) return { status: await servingStatus(api) };
    throw new StatusError(
      status.NOT_FOUND,
      "not_found",
      "no such service",
      `ask for ${SoloKernel.typeName}, or for none`,
    );
  }),
  serverStreaming(Health.method.watch, async function* ({ service }, { api, signal }) {
    let told: ServingStatus | undefined;
    while (!signal.aborted) {
      const now = isKnown(service) ? await servingStatus(api) : ServingStatus.SERVICE_UNKNOWN;
      if (now !== told) yield { status: now };
      told = now;
      await pause(lookMs, signal);
    }
  }),
];

function isKnown(service: string): boolean {
  return service === "" || service === SoloKernel.typeName;
}

async function servingStatus(api: SoloApi): Promise<ServingStatus> {
  const health = await api.health({});
  return health.status === "unhealthy" ? ServingStatus.NOT_SERVING : ServingStatus.SERVING;
}

/** Between looks at a kernel whose health somebody watches. */
const lookMs = 1_000;
