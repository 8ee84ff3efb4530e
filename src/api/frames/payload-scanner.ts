import { maxDepth } from "./limits.ts";
import { FrameRefusal } from "./refusal.ts";

/** MessagePack's own type for times; the only extension that both sides know. */
const timestampExtension = 0xff;

/** So many direct members of the outermost map or array are remembered: a message has fewer. */
const maxMembers = 64;

/** What a length field that has been read is the length of. */
type Sized = "bytes" | "extension" | "array" | "map";

/**
 * Walks over the bytes of one MessagePack value without building it: whether they are exactly one value, how deep, and where
 * its direct members lie. It goes on where the bytes of the last push ended, keeps no bytes, and allocates nothing by a
 * length that the bytes claim, so that a decoder may be trusted with what passed.
 */
export class PayloadScanner {
  /** Values that are missing in each open map (keys count) or array, outermost first. */
  readonly #open: number[] = [];
  /** Bytes of the value under way that need no look. */
  #skip = 0;
  #sized: Sized = "bytes";
  #lengthBytes = 0;
  #length = 0;
  #isTypeDue = false;
  #isComplete = false;
  #isMap = false;
  #position = 0;
  #bodyStart = 0;
  readonly #memberEnds: number[] = [];
  #refusal: FrameRefusal | undefined;

  push(bytes: Uint8Array): FrameRefusal | undefined {
    const base = this.#position;
    let at = 0;
    while (at < bytes.length && this.#refusal === undefined) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - at);
        this.#skip -= step;
        at += step;
        this.#position = base + at;
        if (this.#skip === 0) this.#endValue();
        continue;
      }
      const byte = bytes[at] ?? 0;
      at += 1;
      this.#position = base + at;
      if (this.#lengthBytes > 0) this.#readLength(byte);
      else if (this.#isTypeDue) this.#readExtensionType(byte);
      else if (this.#isComplete) this.#refuse("malformed", "there are bytes behind the end of the value");
      else this.#begin(byte);
    }
    return this.#refusal;
  }

  /** Refuses a value that is not complete. */
  end(): FrameRefusal | undefined {
    if (this.#refusal === undefined && !this.#isComplete) {
      this.#refuse("truncated", `the value is cut off after ${this.#position} bytes`);
    }
    return this.#refusal;
  }

  /** Whether the outermost value is a map: its members are then keys and values in turn. */
  get isMap(): boolean {
    return this.#isMap;
  }

  /** Where the direct members of the outermost map or array lie, as [start, end): the first {@link maxMembers} of them. */
  members(): readonly (readonly [start: number, end: number])[] {
    return this.#memberEnds.map((end, index) => [this.#memberEnds[index - 1] ?? this.#bodyStart, end]);
  }

  #begin(byte: number): void {
    if (byte < 0x80 || byte >= 0xe0) this.#endValue();
    else if (byte < 0x90) this.#enter("map", byte & 0x0f);
    else if (byte < 0xa0) this.#enter("array", byte & 0x0f);
    else if (byte < 0xc0) this.#expect(byte & 0x1f);
    else if (byte >= 0xd4 && byte <= 0xd8) this.#expectExtension(1 << (byte - 0xd4));
    else {
      const body = scalarBytes[byte];
      const field = sizedFields[byte];
      if (body !== undefined) this.#expect(body);
      else if (field !== undefined) {
        [this.#sized, this.#lengthBytes] = field;
        this.#length = 0;
      } else this.#refuse("malformed", `byte 0x${byte.toString(16)} begins no value`);
    }
  }

  #readLength(byte: number): void {
    this.#length = this.#length * 256 + byte;
    this.#lengthBytes -= 1;
    if (this.#lengthBytes > 0) return;
    if (this.#sized === "bytes") this.#expect(this.#length);
    else if (this.#sized === "extension") this.#expectExtension(this.#length);
    else this.#enter(this.#sized, this.#length);
  }

  #expectExtension(length: number): void {
    this.#isTypeDue = true;
    this.#length = length;
  }

  #readExtensionType(type: number): void {
    this.#isTypeDue = false;
    if (type !== timestampExtension) {
      this.#refuse("extension", `extension type ${type > 127 ? type - 256 : type} has no meaning here`);
    } else this.#expect(this.#length);
  }

  #expect(bytes: number): void {
    this.#skip = bytes;
    if (bytes === 0) this.#endValue();
  }

  #enter(kind: "array" | "map", count: number): void {
    if (this.#open.length === 0) {
      this.#isMap = kind === "map";
      this.#bodyStart = this.#position;
    }
    if (count === 0) this.#endValue();
    else if (this.#open.length >= maxDepth) this.#refuse("too_deep", `more than ${maxDepth} values lie in one another`);
    else this.#open.push(kind === "map" ? count * 2 : count);
  }

  /** The value that ends here may be the last one of what it lies in, and so on outwards. */
  #endValue(): void {
    for (;;) {
      const depth = this.#open.length;
      const missing = this.#open[depth - 1];
      if (missing === undefined) {
        this.#isComplete = true;
        return;
      }
      if (depth === 1 && this.#memberEnds.length < maxMembers) this.#memberEnds.push(this.#position);
      if (missing > 1) {
        this.#open[depth - 1] = missing - 1;
        return;
      }
      this.#open.pop();
    }
  }

  #refuse(reason: FrameRefusal["reason"], message: string): void {
    this.#refusal = new FrameRefusal(reason, message);
  }
}

/** First bytes of values with a body of fixed length: nil and booleans, floats, unsigned and signed integers. */
const scalarBytes: Readonly<Record<number, number>> = {
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

/** First bytes of values with a length field: bin, ext, str, array and map. */
const sizedFields: Readonly<Record<number, readonly [Sized, number]>> = {
  196: ["bytes", 1],
  197: ["bytes", 2],
  198: ["bytes", 4],
  199: ["extension", 1],
  200: ["extension", 2],
  201: ["extension", 4],
  217: ["bytes", 1],
  218: ["bytes", 2],
  219: ["bytes", 4],
  220: ["array", 2],
  221: ["array", 4],
  222: ["map", 2],
  223: ["map", 4],
};
