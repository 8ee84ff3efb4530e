import { SoloError } from "../api/index.ts";

/** Below the ephemeral range (`ip_local_port_range`), so that outgoing connections don't take an instance's port. */
const firstPort = 20_000;
const lastPort = 32_767;

/** Hands out loopback ports that nothing listens on. A port is not given twice while it is held. */
export class PortAllocator {
  readonly #held = new Set<number>();
  #next: number;

  /** @param random a number in [0, 1): where in the range to begin, so that two kernels rarely try the same ports */
  constructor(random: number) {
    this.#next = firstPort + Math.floor(random * (lastPort - firstPort));
  }

  /** @throws SoloError `limit_exceeded` when the whole range is taken */
  take(): number {
    for (let tried = 0; tried <= lastPort - firstPort; tried++) {
      const port = this.#next;
      this.#next = port === lastPort ? firstPort : port + 1;
      if (this.#held.has(port) || !isPortFree(port)) continue;
      this.#held.add(port);
      return port;
    }
    throw new SoloError("limit_exceeded", `every port from ${firstPort} to ${lastPort} is taken`, {
      hint: "stop some services, or free the ports that other programs listen on",
    });
  }

  /** The port that a service insists on, if it does; else any that is free. Throws as both do. */
  choose(fixed: number | undefined): number {
    return fixed === undefined ? this.take() : this.check(fixed);
  }

  /**
   * A port that a service insists on.
   * @throws SoloError `port_in_use` when another program listens on it
   */
  check(port: number): number {
    if (isPortFree(port)) return port;
    throw new SoloError("port_in_use", `port ${port} is in use by another program`, {
      hint: `\`ss -ltnp 'sport = :${port}'\` shows which; a service that listens on $PORT gets a free one`,
    });
  }

  /** Marks a port as used by an instance that a former kernel started. */
  hold(port: number): void {
    this.#held.add(port);
  }

  release(port: number): void {
    this.#held.delete(port);
  }
}

/** Whether nothing listens on a port of the loopback address. One that the user may not open can't be tried: it is free. */
export function isPortFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "EADDRINUSE");
  }
}
