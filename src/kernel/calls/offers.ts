import type { SoloApi } from "../../api/index.ts";
import { InputReader, type PlainHandler } from "../../state/index.ts";

/**
 * `ctx.offer` of the hosts: capabilities narrowed from the instance's own to some methods of its service. They are asked for
 * like any other operation, as the instance that asks.
 */
export function offerHandlers(apiOf: (instance: string) => SoloApi): Readonly<Record<string, PlainHandler>> {
  return {
    /** `[[method]…, holder or nil, ttl in ms or nil, calls or nil]` → `[id, token]`. */
    offer: async ({ ref, instance }, input) => {
      const read = new InputReader("offer", input);
      const permissions = read.list().map((method) => `call:${method.text()}`);
      const [holder, ttl_ms, calls] = [read.optionalText(), read.optionalCount(), read.optionalCount()];
      const bounds = { ...(ttl_ms !== undefined && { ttl_ms }), ...(calls !== undefined && { calls }) };
      const request = { tenant: ref.tenant, permissions, ...bounds };
      const api = apiOf(instance);
      const { id, token } = await (holder === undefined
        ? api.capabilityAttenuate(request)
        : api.capabilityDelegate({ ...request, holder: `service:${holder}` }));
      return [id, token];
    },

    /** `[id]` → nil. */
    "offer.withdraw": async ({ ref, instance }, input) => {
      await apiOf(instance).capabilityRevoke({
        tenant: ref.tenant,
        id: new InputReader("offer.withdraw", input).text(),
      });
      return null;
    },
  };
}
