import { isLoopback } from "../../config/index.ts";
import type { TlsCredentials } from "./credentials.ts";

/** Where a door is, and what protects what goes through it. */
export interface Exposure {
  readonly bind: string;
  /** With certificates it speaks TLS alone; without, it opens on loopback only. */
  readonly tls?: { readonly credentials: TlsCredentials } | undefined;
  /** Why it must not open without TLS, where there are no certificates. */
  readonly shut?: string | undefined;
}

/** Why a door must not open; undefined: it may. */
export function refusalOf(title: string, { bind, tls, shut }: Exposure): string | undefined {
  if (tls !== undefined) return undefined;
  if (shut !== undefined || isLoopback(bind)) return shut;
  return `${title} stays shut: on ${bind} others could read its tokens along the way, and there are no certificates for TLS (\`solo tls init\` makes them)`;
}

/** How a door speaks, behind its address in sentences. */
export function mannerOf({ tls }: Exposure): string {
  if (tls === undefined) return "";
  return tls.credentials.requireClient ? " (mutual TLS)" : " (TLS)";
}
