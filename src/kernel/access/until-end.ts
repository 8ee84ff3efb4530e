import { type Caller, SoloError } from "../../api/index.ts";
import type { CapabilityAuthority } from "./ports.ts";

/** A stream's hold on the capability that it runs by. */
export interface Hold {
  /** Aborted by the caller, or when the capability ends. */
  readonly signal: AbortSignal | undefined;
  hasEnded(): boolean;
  /** @throws SoloError `forbidden` when the capability has ended */
  check(): void;
  release(): void;
}

/** Lets a stream run until its capability is revoked or expires. */
export function untilEnd(
  caller: Caller,
  authority: CapabilityAuthority | undefined,
  signal: AbortSignal | undefined,
): Hold {
  if (authority === undefined || caller.kind === "owner" || caller.kind === "anonymous") {
    return { signal, hasEnded: () => false, check: () => undefined, release: () => undefined };
  }
  const controller = new AbortController();
  const abort = () => controller.abort();
  let ended = false;
  const release = authority.onEnd(caller.capability.id, () => {
    ended = true;
    abort();
  });
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  return {
    signal: controller.signal,
    hasEnded: () => ended,
    check: () => {
      if (!ended) return;
      throw new SoloError("forbidden", "the capability has ended while the stream ran: it was revoked or has expired", {
        details: { capability: caller.capability.id },
      });
    },
    release: () => {
      release();
      signal?.removeEventListener("abort", abort);
    },
  };
}
