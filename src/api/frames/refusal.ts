/** Why bytes are no message. */
export type RefusalReason =
  /** A header that announces more than one frame may hold. Where the next frame begins is not known any more. */
  | "oversized_frame"
  /** Chunks that together are longer than a message may be. */
  | "oversized_message"
  /** The stream, a payload or a chunked message ended in the middle. */
  | "truncated"
  /** A byte that begins no MessagePack value, or bytes behind the value's end. */
  | "malformed"
  | "too_deep"
  /** An extension type that nobody agreed on. */
  | "extension"
  /** A chunk that continues nothing, or one left out. */
  | "chunk_order";

/** What a reader says instead of throwing: the one way in which bytes of the other side can fail. */
export class FrameRefusal {
  constructor(
    readonly reason: RefusalReason,
    /** For people: what came and what was expected. */
    readonly message: string,
  ) {}

  /** Whether the beginning of the next frame is lost, so that nothing further can be read before both sides agree on one. */
  get isOutOfStep(): boolean {
    return this.reason === "oversized_frame";
  }
}
