import type { ServiceRef } from "../../api/index.ts";
import type { Stream } from "./record.ts";

/** Takes out of what services write what nobody may read. */
export interface LogRedaction {
  /** For one service; undefined when it has nothing to hide, which costs nothing. */
  of(ref: ServiceRef): LogRedactor | undefined;
  /** Keeps what a capture holds back where it outlives this kernel, and no trace of it the machine. */
  hold(instance: string, stream: Stream, bytes: Uint8Array): void;
  /** What a former kernel's capture held back. */
  held(instance: string, stream: Stream): Buffer;
}

export interface LogRedactor {
  /**
   * Redacts a piece of a stream, behind what was held back of the piece before.
   * @param isLast nothing follows: nothing is held back
   * @returns what may be kept, and how many bytes at the input's end were held back as they may be the beginning of a secret
   */
  redact(input: Buffer, isLast?: boolean): { readonly clean: Buffer; readonly held: number; readonly found: boolean };
  text(text: string): string;
}

export const nothingHeld: Buffer = Buffer.alloc(0);
