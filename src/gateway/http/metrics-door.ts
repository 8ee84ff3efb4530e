import { isLoopback } from "../../config/index.ts";
import type { Door } from "../shared/index.ts";
import { openTcpDoor, type TcpDoorOptions } from "./tcp-door.ts";

/**
 * Opens `/metrics` for Prometheus. On loopback it is plain and open to all, as whoever scrapes has no token; elsewhere it
 * speaks TLS and asks for a token or a certificate. What reads and writes the formats is loaded for the first request.
 */
export function openMetricsDoor(options: Omit<TcpDoorOptions, "served">): Door {
  const isOpen = isLoopback(options.bind);
  return openTcpDoor({
    ...options,
    ...(isOpen && { tls: undefined, shut: undefined }),
    served: {
      name: "metrics",
      title: "the port of metrics",
      setting: "solo.metrics_port",
      handle: async (request, url, context) => {
        const { handleMetrics } = await import("./metrics/index.ts");
        return handleMetrics(request, url, context, isOpen);
      },
    },
  });
}
