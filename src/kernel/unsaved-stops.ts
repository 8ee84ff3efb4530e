import { SoloError } from "../api/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Service } from "./service.ts";

/** Between attempts to keep what the disk did not take. */
const retryMs = 1_000;

/**
 * Stopping always works: on a disk that takes nothing, a service is stopped without its desired state being kept, which is tried
 * until there is room. Only a kernel that ends before that leaves a service to its successor that starts it again.
 */
export class UnsavedStops {
  readonly #kernel: Kernel;
  readonly #services = new Set<Service>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A service is not wanted any more, nor is what it was to become. */
  stopWanting(service: Service): void {
    const { rollouts } = this.#kernel;
    if (service.desired === "stopped" && rollouts.targetOf(service.ref) === undefined) return;
    try {
      this.#kernel.commit(service, { desired: "stopped" });
    } catch (thrown) {
      const { code, message } = SoloError.from(thrown);
      if (code !== "storage_full" && code !== "io_error") throw thrown;
      this.#kernel.commit(service, { desired: "stopped" }, { durable: false });
      this.#services.add(service);
      this.#later();
      this.#tell(service, "stop_not_kept", { reason: message });
    }
  }

  /** Gives up. */
  close(): void {
    clearTimeout(this.#timer);
    this.#services.clear();
  }

  #later(): void {
    if (this.#services.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const service of this.#services) this.#tryAgain(service);
      this.#later();
    }, retryMs);
    this.#timer.unref();
  }

  #tryAgain(service: Service): void {
    try {
      // Who wants it again has had that kept.
      const isStopped = service.desired === "stopped";
      if (isStopped) this.#kernel.commit(service, { desired: "stopped" });
      this.#services.delete(service);
      if (isStopped) this.#tell(service, "stop_kept", {});
    } catch {
      // There is no room yet.
    }
  }

  #tell({ ref, key }: Service, event: string, data: Readonly<Record<string, unknown>>): void {
    this.#kernel.emit({ tenant: ref.tenant, event, subject: key, data });
  }
}
