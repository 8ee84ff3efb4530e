import { status } from "@grpc/grpc-js";
import { SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { type Method, unary } from "./method.ts";
import { StatusError } from "./status.ts";

/** RegisterService, DiscoverService, GetServices. */
export const discoveryMethods: readonly Method[] = [
  unary(SoloKernel.method.registerService, async () => notHere()),
  unary(SoloKernel.method.discoverService, async () => notHere()),
  unary(SoloKernel.method.getServices, async () => notHere()),
];

function notHere(): never {
  throw new StatusError(
    status.UNIMPLEMENTED,
    "failed",
    "this kernel has no registry of services",
    "List and Status tell of what is deployed",
  );
}
