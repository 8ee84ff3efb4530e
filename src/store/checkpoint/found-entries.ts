/** Hashes of keys and addresses of records, without an object for each. */
export class FoundEntries {
  count = 0;
  hashes: Int32Array;
  addresses: Float64Array;

  /** @param capacity for how many there is room at first */
  constructor(capacity = 16_384) {
    this.hashes = new Int32Array(capacity);
    this.addresses = new Float64Array(capacity);
  }

  add(hash: number, address: number): void {
    if (this.count === this.hashes.length) this.#grow();
    this.hashes[this.count] = hash;
    this.addresses[this.count++] = address;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    const hashes = new Int32Array(this.count * 2);
    const addresses = new Float64Array(this.count * 2);
    hashes.set(this.hashes);
    addresses.set(this.addresses);
    this.hashes = hashes;
    this.addresses = addresses;
  }
}
