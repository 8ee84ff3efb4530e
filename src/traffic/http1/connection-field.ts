import { equalsFolded } from "./bytes.ts";

const close = Buffer.from("close");
const keepAlive = Buffer.from("keep-alive");
const upgrade = Buffer.from("upgrade");
const token = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** What the `Connection` fields of one message say (RFC 9110 §7.6.1). */
export class ConnectionOptions {
  close = false;
  keepAlive = false;
  upgrade = false;
  /** Further names listed, in lower case: fields that end at this hop. */
  listed: Set<string> | null = null;

  reset(): void {
    this.close = false;
    this.keepAlive = false;
    this.upgrade = false;
  }

  /** Adds one field line; false when it isn't a list of tokens. */
  add(src: Buffer, start: number, end: number): boolean {
    if (equalsFolded(src, start, end, keepAlive)) this.keepAlive = true;
    else if (equalsFolded(src, start, end, close)) this.close = true;
    else if (equalsFolded(src, start, end, upgrade)) this.upgrade = true;
    else return this.addList(src.toString("latin1", start, end));
    return true;
  }

  private addList(value: string): boolean {
    for (const part of value.toLowerCase().split(",")) {
      const option = part.replace(/^[ \t]+|[ \t]+$/g, "");
      if (option === "") continue;
      if (!token.test(option)) return false;
      if (option === "close") this.close = true;
      else if (option === "keep-alive") this.keepAlive = true;
      else if (option === "upgrade") this.upgrade = true;
      else (this.listed ??= new Set()).add(option);
    }
    return true;
  }
}
