import type { FlushTarget } from "./http1/index.ts";

/** The part of a socket that an outbox needs. `write` returns how many bytes the system took; -1 once it is closed. */
export interface Writable {
  write(data: Buffer, byteOffset: number, byteLength: number): number;
}

/**
 * The bytes on their way to one socket. It holds only what the system didn't take at once; whoever fills it must stop
 * reading its source while `congested`, so it never holds more than about one read.
 */
export class Outbox implements FlushTarget {
  private queue: Buffer[] = [];
  private socket: Writable | null = null;
  /** Bytes sent since the start, for telling a slow receiver from one that takes nothing. */
  sent = 0;

  open(socket: Writable): void {
    this.socket = socket;
  }

  get congested(): boolean {
    return this.queue.length > 0;
  }

  /** Sends bytes that stay unchanged afterwards: what must wait is kept by reference. */
  write(src: Buffer, start: number, end: number): void {
    const taken = this.offer(src, start, end);
    if (taken < end) this.queue.push(src.subarray(taken, end));
  }

  /** Sends bytes that the caller overwrites afterwards: what must wait is copied. */
  writeVolatile(src: Buffer, start: number, end: number): void {
    const taken = this.offer(src, start, end);
    if (taken < end) this.queue.push(Buffer.from(src.subarray(taken, end)));
  }

  /** The socket takes bytes again. @returns whether all are sent */
  drain(): boolean {
    const waiting = this.queue;
    this.queue = [];
    for (const chunk of waiting) this.write(chunk, 0, chunk.length);
    return this.queue.length === 0;
  }

  /** Offers to an empty outbox only: order comes first. @returns the offset up to which the system took the bytes */
  private offer(src: Buffer, start: number, end: number): number {
    if (this.queue.length > 0 || this.socket === null) return start;
    const taken = this.socket.write(src, start, end - start);
    if (taken <= 0) return start;
    this.sent += taken;
    return start + taken;
  }
}
