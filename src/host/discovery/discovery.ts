import { SoloError } from "../../api/error.ts";
import type { Discovered, Discovery, RegisterOptions, Registration } from "../sdk/discovery.ts";
import type { StateChannel } from "../state/channel.ts";
import { milliseconds } from "../steps/duration.ts";

const defaultTtlMs = 30_000;
const leastTtlMs = 1_000;
/** Two may fail before its time is up. */
const renewalsPerTtl = 3;

/** Asked again, all of these leave what they left before: they are sent to the next kernel when one is lost. */
const plain = { isWrite: false, bytes: 0 };

/** The registry of services, through the kernel. */
export class ServiceDiscovery implements Discovery {
  readonly #channel: Pick<StateChannel, "request">;
  readonly #signal: AbortSignal;
  /** By name: what renews it. */
  readonly #renewals = new Map<string, ReturnType<typeof setInterval>>();

  /** @param signal aborted when the instance begins to stop: nothing is renewed any more */
  constructor(channel: Pick<StateChannel, "request">, signal: AbortSignal) {
    this.#channel = channel;
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const renewal of this.#renewals.values()) clearInterval(renewal);
    });
  }

  async discover(name: string, filters: Readonly<Record<string, string>> = {}): Promise<Discovered[]> {
    const found = await this.#channel.request("registry.discover", [name, Object.entries(filters)], plain);
    if (!Array.isArray(found)) throw new SoloError("failed", "the kernel answered no list");
    return found;
  }

  async register(name: string, options: RegisterOptions = {}): Promise<Registration> {
    const { version = null, metadata = {}, url = null, ttl = defaultTtlMs } = options;
    const ttlMs = Math.max(leastTtlMs, Math.round(milliseconds("a ttl", ttl)));
    const input = [name, version, Object.entries(metadata), url, ttlMs];
    let handle = await this.#ask("registry.register", input);
    const renew = async () => {
      try {
        await this.#ask("registry.renew", [handle]);
      } catch (error) {
        // The kernel was away for longer than that.
        if (SoloError.from(error).code === "not_found") handle = await this.#ask("registry.register", input);
      }
    };
    clearInterval(this.#renewals.get(name));
    // What fails is tried again the next time.
    const renewal = setInterval(() => void renew().catch(() => undefined), ttlMs / renewalsPerTtl);
    renewal.unref();
    this.#renewals.set(name, renewal);
    if (this.#signal.aborted) clearInterval(renewal);
    const unregister = async () => {
      clearInterval(renewal);
      await this.#ask("registry.unregister", [handle]);
    };
    return {
      get handle() {
        return handle;
      },
      unregister,
    };
  }

  async #ask(operation: string, input: readonly unknown[]): Promise<string> {
    return String(await this.#channel.request(operation, input, plain));
  }
}
