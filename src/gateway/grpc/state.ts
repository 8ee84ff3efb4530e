import { SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import type { Call } from "./call.ts";
import { type Method, serverStreaming, unary } from "./method.ts";
import { serviceOf } from "./services.ts";
import { given, integerOf, jsonBytes, jsonOf } from "./values.ts";

/** GetState, SetState, DeleteState, ScanState. */
export const stateMethods: readonly Method[] = [
  unary(SoloKernel.method.getState, async ({ serviceId, key }, call) =>
    entryOf(await call.api.stateGet({ ...target(serviceId, call), key })),
  ),
  unary(SoloKernel.method.setState, async ({ serviceId, key, value, ifVersion }, call) => {
    const request = { ...target(serviceId, call), key, value: jsonOf(value, "value"), ...condition(ifVersion) };
    const { version } = await call.api.stateSet(request);
    return { version: BigInt(version) };
  }),
  unary(SoloKernel.method.deleteState, async ({ serviceId, key, ifVersion }, call) => {
    const { deleted } = await call.api.stateDelete({ ...target(serviceId, call), key, ...condition(ifVersion) });
    return { deleted };
  }),
  serverStreaming(SoloKernel.method.scanState, async function* ({ serviceId, prefix, after, limit }, call) {
    const request = { ...target(serviceId, call), prefix, after: given(after), limit: limit === 0 ? undefined : limit };
    for await (const entry of call.api.stateScan(request, call.signal)) yield entryOf(entry);
  }),
];

function target(serviceId: string, call: Call) {
  return { tenant: call.tenant(), name: serviceOf(serviceId) };
}

function condition(ifVersion: bigint | undefined) {
  return ifVersion === undefined ? {} : { if_version: integerOf(ifVersion, "if_version") };
}

function entryOf({ key, value, version }: { readonly key: string; readonly value: unknown; readonly version: number }) {
  return { key, value: jsonBytes(value), version: BigInt(version) };
}
