/** Something that holds a file open and can open it again. */
export interface Releasable {
  release(): void;
}

/** Bounds how many segments are open for writing at once, whatever the number of services: the least recently used closes. */
export class OpenFiles {
  readonly #limit: number;
  readonly #open = new Set<Releasable>();

  constructor(limit = defaultLimit) {
    this.#limit = limit;
  }

  /** Counts this one as used now; another may be released for it. */
  use(file: Releasable): void {
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size <= this.#limit) return;
    for (const oldest of this.#open) {
      oldest.release();
      this.#open.delete(oldest);
      return;
    }
  }

  forget(file: Releasable): void {
    this.#open.delete(file);
  }

  releaseAll(): void {
    for (const file of [...this.#open]) file.release();
    this.#open.clear();
  }
}

/** Enough for the services that write at any one time; opening again costs some 20 µs. */
const defaultLimit = 512;
