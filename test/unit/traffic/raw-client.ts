import type { Socket } from "bun";
import { waitFor } from "../../support/index.ts";

/** A client that says exactly the bytes it is told to. */
export class RawClient {
  received = "";
  closed = false;
  /** Whether the other side ended the connection in order, or dropped it. */
  ended = false;

  private constructor(private readonly socket: () => Socket<RawClient>) {}

  static async connect(port: number): Promise<RawClient> {
    let socket: Socket<RawClient> | undefined;
    const client: RawClient = new RawClient(() => {
      if (socket === undefined) throw new Error("not connected");
      return socket;
    });
    socket = await Bun.connect<RawClient>({
      hostname: "127.0.0.1",
      port,
      data: client,
      allowHalfOpen: true,
      socket: {
        data: (_, data) => {
          client.received += data.toString("latin1");
        },
        end: () => {
          client.ended = true;
        },
        close: () => {
          client.closed = true;
        },
      },
    });
    return client;
  }

  send(text: string): this {
    this.socket().write(Buffer.from(text, "latin1"));
    return this;
  }

  halfClose(): this {
    this.socket().shutdown();
    return this;
  }

  close(): void {
    this.socket().terminate();
  }

  pause(): void {
    this.socket().pause();
  }

  resume(): void {
    this.socket().resume();
  }

  async until(what: string, holds: () => boolean): Promise<this> {
    await waitFor(holds, { what: `${what}; received so far: ${JSON.stringify(this.received.slice(-400))}` });
    return this;
  }

  receives(text: string): Promise<this> {
    return this.until(JSON.stringify(text), () => this.received.includes(text));
  }

  gone(): Promise<this> {
    return this.until("the end of the connection", () => this.closed || this.ended);
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(this.received)?.[1] ?? Number.NaN);
  }
}

/** Sends the bytes, waits until the other side closes, and gives what came. */
export async function converse(port: number, text: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  client.send(text);
  await client.gone();
  client.close();
  return client;
}
