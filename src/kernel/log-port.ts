import type { LogStore } from "../observe/logs/index.ts";
import type { LogPort } from "../supervise/index.ts";

/** The log store as supervision needs it. */
export function logPort(logs: LogStore): LogPort {
  return {
    capture: ({ ref, instance, stream, fifo, budgetBytes }) =>
      logs.capture({ tenant: ref.tenant, service: ref.name, instance, stream, fifoPath: fifo, budgetBytes }),
    note: (ref, instance, text) => logs.append({ tenant: ref.tenant, service: ref.name }, instance, "stderr", text),
    tail: (ref, instance, lines) => logs.tailOf({ tenant: ref.tenant, service: ref.name }, instance, lines),
  };
}
