import { StoreError } from "../error.ts";
import { iteratorNameBytes, maxIterators } from "./metadata-format.ts";
import { getUint53, setUint53 } from "./numbers.ts";

/** How far each named reader has come. A change becomes durable with the commit that follows it. */
export class Iterators {
  readonly #positions: Map<string, number>;
  #changed = false;

  constructor(positions: ReadonlyMap<string, number>) {
    this.#positions = new Map(positions);
  }

  /** Whether there is a change that no commit has taken along. */
  get changed(): boolean {
    return this.#changed;
  }

  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /** @throws `invalid_argument` when a name is empty or too long, `too_large` when there are too many */
  set(name: string, address: number): void {
    const bytes = Buffer.byteLength(name);
    if (bytes === 0 || bytes > iteratorNameBytes) {
      const range = `1 to ${iteratorNameBytes} bytes`;
      throw new StoreError("invalid_argument", `an iterator's name has ${range}, got ${JSON.stringify(name)}`);
    }
    if (!this.#positions.has(name) && this.#positions.size >= maxIterators) {
      throw new StoreError("too_large", `a log has at most ${maxIterators} named iterators; remove one`);
    }
    if (this.#positions.get(name) === address) return;
    this.#positions.set(name, address);
    this.#changed = true;
  }

  remove(name: string): void {
    if (this.#positions.delete(name)) this.#changed = true;
  }

  /** The payload of a control entry: all positions, which are no longer a change. */
  take(): Uint8Array {
    this.#changed = false;
    return encodePositions(this.#positions);
  }
}

/** Of each: address u64, bytes of the name u32, the name in UTF-8. */
function encodePositions(positions: ReadonlyMap<string, number>): Uint8Array {
  const parts = [...positions].flatMap(([name, address]) => {
    const text = Buffer.from(name);
    const head = new Uint8Array(12);
    const view = new DataView(head.buffer);
    setUint53(view, 0, address);
    view.setUint32(8, text.length, true);
    return [head, text];
  });
  return Buffer.concat(parts);
}

export function decodePositions(payload: Uint8Array): Map<string, number> {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const positions = new Map<string, number>();
  for (let at = 0; at + 12 <= payload.length; ) {
    const length = view.getUint32(at + 8, true);
    positions.set(Buffer.from(payload.subarray(at + 12, at + 12 + length)).toString(), getUint53(view, at));
    at += 12 + length;
  }
  return positions;
}
