import { unpack } from "../message-pack.ts";
import type { RawMessage } from "./message-reader.ts";
import { FrameRefusal } from "./refusal.ts";

/** A message's value. Keys of maps that are neither strings nor numbers are refused: an object can't hold them. */
export function decodeMessage({
  parts,
  bytes,
}: Pick<RawMessage, "parts" | "bytes">): { readonly value: unknown } | FrameRefusal {
  const [only] = parts;
  try {
    return { value: unpack(parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, bytes)) };
  } catch (error) {
    return new FrameRefusal("malformed", error instanceof Error ? error.message : String(error));
  }
}
