import type { Geometry } from "../hybrid-log/geometry.ts";
import { unitBytes } from "../hybrid-log/layout.ts";
import { segmentName } from "../hybrid-log/log-files.ts";

/** A place on disk that isn't what was written there. */
export interface Damage {
  /** Path below the store's folder. */
  readonly file: string;
  /** Bytes from the file's beginning. */
  readonly offset: number;
  readonly problem: string;
}

/** Damage to the log, with the addresses between which it lies. */
export interface LogDamage extends Damage {
  readonly from: number;
  readonly to: number;
}

export function logDamage({ segmentBytes }: Geometry, from: number, to: number, problem: string): LogDamage {
  const byte = from * unitBytes;
  return { file: segmentName(Math.floor(byte / segmentBytes)), offset: byte % segmentBytes, problem, from, to };
}
