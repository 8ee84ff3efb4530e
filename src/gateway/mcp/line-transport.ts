import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { Lines } from "./lines.ts";

/**
 * MCP over a pair of byte streams: one JSON-RPC message a line. Unlike the SDK's own it has bounds: of a line's length, of the
 * requests in flight, and, as answers are waited for to be taken, of what piles up when nobody reads them.
 */
export class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #input: AsyncIterable<Uint8Array>;
  readonly #write: (line: string) => Promise<void>;
  /** Ids of requests that are not answered yet. */
  readonly #open = new Set<string | number>();
  #settled: (() => void) | undefined;
  #isClosed = false;

  /** @param write resolves when the reader has room for more */
  constructor(input: AsyncIterable<Uint8Array>, write: (line: string) => Promise<void>) {
    this.#input = input;
    this.#write = write;
  }

  async start(): Promise<void> {
    void this.#read().catch((error: unknown) => {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
      return this.close();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return;
    if (!("method" in message) && message.id !== undefined) this.#forget(message.id);
    await this.#write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onclose?.();
  }

  async #read(): Promise<void> {
    const lines = new Lines(maxLineBytes);
    for await (const chunk of this.#input) {
      for (const line of lines.take(chunk)) await this.#receive(line);
      if (this.#isClosed) return;
    }
    await this.#answered();
    await this.close();
  }

  async #receive(line: string | null): Promise<void> {
    if (line === null) return this.#refuse(null, parseError, `a message has at most ${maxLineBytes} bytes`);
    if (line.trim() === "") return;
    const message = parsed(line);
    if (message === undefined) return this.#refuse(null, parseError, "this is no line of JSON");
    const { success, data } = JSONRPCMessageSchema.safeParse(message);
    if (!success) return this.#refuse(idOf(message), invalidRequest, "this is no JSON-RPC 2.0 message");
    if ("method" in data && "id" in data) {
      if (this.#open.size >= maxOpen)
        return this.#refuse(data.id, overloaded, `more than ${maxOpen} requests at a time`);
      this.#open.add(data.id);
    }
    if ("method" in data && data.method === "notifications/cancelled") {
      const id = data.params?.requestId;
      if (typeof id === "string" || typeof id === "number") this.#forget(id);
    }
    this.onmessage?.(data);
  }

  /** Never more of them wait than one: nothing is read until it is taken. */
  #refuse(id: string | number | null, code: number, message: string): Promise<void> {
    return this.#write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } })}\n`);
  }

  #forget(id: string | number): void {
    this.#open.delete(id);
    if (this.#open.size === 0) this.#settled?.();
  }

  /** Whoever pipes requests in and leaves gets the answers to them, if they don't take long. */
  async #answered(): Promise<void> {
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    const timer = setTimeout(resolve, lastAnswersMs);
    await promise;
    clearTimeout(timer);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function idOf(message: unknown): string | number | null {
  if (typeof message !== "object" || message === null || !("id" in message)) return null;
  return typeof message.id === "string" || typeof message.id === "number" ? message.id : null;
}

/** JSON-RPC 2.0, section 5.1. */
const parseError = -32_700;
const invalidRequest = -32_600;
/** Of those that are left to implementations. */
const overloaded = -32_000;
/** Holds the largest upload, as base64. */
const maxLineBytes = 67_108_864;
const maxOpen = 64;
/** Shorter than the 2 s after which clients kill a server whose input they closed. */
const lastAnswersMs = 1_500;
