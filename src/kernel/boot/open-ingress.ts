import { SoloError } from "../../api/index.ts";
import { Ingress, type RequestTracer } from "../../traffic/index.ts";
import type { KernelOptions } from "../kernel-options.ts";
import type { Routes } from "../routes.ts";

/** Requests in flight get so long when the kernel closes. */
const ingressCloseMs = 1_000;
/** Between attempts to get the ingress's port while another program has it. */
const ingressRetryMs = 1_000;

/**
 * Opens the ingress. A port that is taken ends the start of a fresh kernel; one that has processes to take over runs without
 * an ingress rather than not at all, and goes on trying.
 */
export async function openIngress(
  options: KernelOptions,
  routes: Routes,
  hasInstances: boolean,
  tracer?: RequestTracer,
): Promise<() => Promise<void>> {
  const { bind, ingressPort: port, say } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => routes.attach(Ingress.listen({ bind, port, tracer }));
  const retry = () => {
    timer = setTimeout(() => {
      try {
        listen();
        say("info", `the ingress listens on ${bind}:${port}`);
      } catch {
        retry();
      }
    }, ingressRetryMs);
  };
  try {
    listen();
  } catch (error) {
    if (!hasInstances) throw error;
    say("error", SoloError.from(error).message);
    retry();
  }
  return async () => {
    clearTimeout(timer);
    await routes.ingress?.close(ingressCloseMs);
  };
}
