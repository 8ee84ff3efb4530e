import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../../../system/index.ts";

/** The last record that a target has taken, kept over a crash. */
export class DeliveryPosition {
  readonly #path: string;
  #sequence: number;

  constructor(path: string) {
    this.#path = path;
    this.#sequence = read(path);
  }

  /** 0 when it has taken none: it gets whatever the trail still has. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Durable when it returns. */
  advance(sequence: number): void {
    writeFileAtomic(this.#path, `${sequence}\n`);
    this.#sequence = sequence;
  }
}

function read(path: string): number {
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
