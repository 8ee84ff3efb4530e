import { fieldOf, readBinary, readBoolean, readCount, readText, type Scanned } from "./fields.ts";
import { FrameSplitter } from "./frame-splitter.ts";
import { JoinedParts } from "./joined-parts.ts";
import { maxMessageBytes } from "./limits.ts";
import { PayloadScanner } from "./payload-scanner.ts";
import { FrameRefusal } from "./refusal.ts";

/** The MessagePack of one message, which is one value of an allowed form. */
export interface RawMessage {
  /** In order. Of a message in a single frame: a view of what was pushed, which a caller who keeps it copies. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  readonly isMap: boolean;
  readonly members: Scanned["members"];
  readonly isChunked: boolean;
}

export interface MessageSink {
  message(message: RawMessage): void;
  /** The first chunk of a message has come: it was sent before all that comes between its chunks. */
  began?(): void;
  /** What came is dropped; unless the reader is out of step, the next frame is read as if nothing had been. */
  refused(refusal: FrameRefusal): void;
}

export interface ReaderOptions {
  readonly maxFrameBytes?: number;
  /** Longest message joined from chunks. */
  readonly maxMessageBytes?: number;
  /** So many bytes more are kept of an unfinished message: false refuses it. For a bound over several readers. */
  readonly reserve?: (bytes: number) => boolean;
  /** Bytes that were reserved are kept no longer. */
  readonly release?: (bytes: number) => void;
}

/** A message of which not all chunks have come. */
interface Unfinished {
  readonly id: number;
  readonly scanner: PayloadScanner;
  readonly parts: JoinedParts;
  next: number;
}

/** Reads messages from a stream of bytes, however it is split: frames, checked payloads, chunks joined. Never throws. */
export class MessageReader {
  readonly #splitter: FrameSplitter;
  readonly #limit: number;
  readonly #reserve: (bytes: number) => boolean;
  readonly #release: (bytes: number) => void;
  #unfinished: Unfinished | undefined;
  #isOutOfStep = false;

  constructor(options: ReaderOptions = {}) {
    this.#splitter = new FrameSplitter(options.maxFrameBytes);
    this.#limit = options.maxMessageBytes ?? maxMessageBytes;
    this.#reserve = options.reserve ?? (() => true);
    this.#release = options.release ?? (() => {});
  }

  /** Whether the place of the next frame is unknown: nothing is read any more until `reset`. */
  get isOutOfStep(): boolean {
    return this.#isOutOfStep;
  }

  push(bytes: Uint8Array, sink: MessageSink): void {
    if (this.#isOutOfStep) return;
    const refusal = this.#splitter.push(bytes, (payload) => this.#payload(payload, sink));
    if (refusal === undefined) return;
    this.#isOutOfStep = true;
    this.#drop();
    sink.refused(refusal);
  }

  /** At the end of the stream: refuses what was cut off. */
  end(sink: MessageSink): void {
    const cut = this.#isOutOfStep ? undefined : this.#splitter.end();
    if (cut !== undefined) sink.refused(cut);
    if (this.#unfinished !== undefined) {
      sink.refused(new FrameRefusal("truncated", "the stream ended before the last chunk of a message"));
    }
    this.reset();
  }

  /** Forgets everything unfinished: the next byte begins a frame. */
  reset(): void {
    this.#drop();
    this.#splitter.reset();
    this.#isOutOfStep = false;
  }

  #payload(bytes: Uint8Array, sink: MessageSink): void {
    const scanner = new PayloadScanner();
    const refusal = scanner.push(bytes) ?? scanner.end();
    if (refusal !== undefined) return void sink.refused(refusal);
    const scanned = { bytes, isMap: scanner.isMap, members: scanner.members() };
    if (readText(fieldOf(scanned, "type")) === "chunk") this.#chunk(scanned, sink);
    else sink.message({ ...scanned, parts: [bytes], bytes: bytes.length, isChunked: false });
  }

  #chunk(scanned: Scanned, sink: MessageSink): void {
    const id = readCount(fieldOf(scanned, "id"));
    const index = readCount(fieldOf(scanned, "index"));
    const last = readBoolean(fieldOf(scanned, "last"));
    const data = readBinary(fieldOf(scanned, "data"));
    if (id === undefined || index === undefined || last === undefined || data === undefined || data.length === 0) {
      const text = "a chunk has the integers id and index, the boolean last, and binary data that is not empty";
      return void sink.refused(new FrameRefusal("malformed", text));
    }
    const misplaced = this.#place(id, index);
    if (misplaced !== undefined) sink.refused(misplaced);
    if (index === 0) sink.began?.();
    const message = this.#unfinished;
    if (message === undefined) return;
    const refusal = this.#append(message, data) ?? (last ? message.scanner.end() : undefined);
    if (refusal === undefined && !last) return;
    this.#unfinished = undefined;
    this.#release(message.parts.bytes);
    if (refusal !== undefined) return void sink.refused(refusal);
    const { parts, scanner } = message;
    sink.message({
      parts: parts.list(),
      bytes: parts.bytes,
      isMap: scanner.isMap,
      members: scanner.members(),
      isChunked: true,
    });
  }

  /** Finds the message that a chunk belongs to, or begins one. */
  #place(id: number, index: number): FrameRefusal | undefined {
    const before = this.#unfinished;
    if (index === 0) {
      this.#drop();
      this.#unfinished = { id, scanner: new PayloadScanner(), parts: new JoinedParts(), next: 1 };
      if (before === undefined) return undefined;
      return new FrameRefusal("chunk_order", `message ${id} began before the last chunk of message ${before.id}`);
    }
    if (before !== undefined && before.id === id && before.next === index) {
      before.next += 1;
      return undefined;
    }
    this.#drop();
    const expected = before === undefined ? "none was begun" : `chunk ${before.next} of ${before.id} was due`;
    return new FrameRefusal("chunk_order", `chunk ${index} of message ${id} came, and ${expected}`);
  }

  #append(message: Unfinished, data: Uint8Array): FrameRefusal | undefined {
    if (message.parts.bytes + data.length > this.#limit) {
      return new FrameRefusal("oversized_message", `a message holds at most ${this.#limit} bytes`);
    }
    if (!this.#reserve(data.length)) {
      return new FrameRefusal("oversized_message", "there is no room for a message of this size now");
    }
    message.parts.add(data);
    return message.scanner.push(data);
  }

  #drop(): void {
    if (this.#unfinished !== undefined) this.#release(this.#unfinished.parts.bytes);
    this.#unfinished = undefined;
  }
}
