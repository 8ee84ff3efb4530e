/** Takes bytes that stay unchanged after the call. */
export interface ByteSink {
  write(src: Buffer, start: number, end: number): void;
}

/** Takes bytes that the caller overwrites after the call: what isn't sent at once must be copied. */
export interface FlushTarget extends ByteSink {
  writeVolatile(src: Buffer, start: number, end: number): void;
}

/** Holds the longest head (32 KiB plus what is added to it) and, behind it, the body bytes that came with it. */
const scratchBytes = 128 * 1024;

/** Below this a loop in JavaScript is faster than a native copy. */
const shortCopyBytes = 64;

/**
 * A reusable area in which a message's head is rewritten and joined with the body bytes at hand, so that both leave in
 * one system call and nothing is allocated per message.
 */
export class Scratch implements ByteSink {
  readonly bytes = Buffer.allocUnsafeSlow(scratchBytes);
  length = 0;
  target: FlushTarget | null = null;

  append(src: Buffer, start: number, end: number): void {
    const { bytes } = this;
    let at = this.length;
    if (end - start > shortCopyBytes) {
      at += src.copy(bytes, at, start, end);
    } else {
      for (let i = start; i < end; i++) bytes[at++] = src[i] ?? 0;
    }
    this.length = at;
  }

  /** Adds all of a short buffer. Apart from `append`, so that the compiler sees one simple loop: twice as fast. */
  constant(src: Buffer): void {
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < src.length; i++) bytes[at++] = src[i] ?? 0;
    this.length = at;
  }

  latin1(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  decimal(value: number): void {
    const start = this.length;
    let rest = value;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    for (let i = start + digits - 1; i >= start; i--) {
      this.bytes[i] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    this.length = start + digits;
  }

  /** Adds body bytes behind the head; what doesn't fit goes to the target directly, after what is here. */
  write(src: Buffer, start: number, end: number): void {
    if (end - start <= scratchBytes - this.length) {
      this.append(src, start, end);
    } else {
      this.flush();
      this.target?.write(src, start, end);
    }
  }

  /** Sends what was gathered to the target. */
  flush(): void {
    if (this.length > 0) this.target?.writeVolatile(this.bytes, 0, this.length);
    this.length = 0;
  }
}
