import type { Socket } from "bun";

/** Long enough for a loaded machine; no test waits for it unless it fails. */
const patienceMs = 8_000;

/** A client that says exactly the bytes it is told to. */
export class RawClient {
  received = "";
  closed = false;
  /** Whether the other side ended the connection in order, or dropped it. */
  ended = false;
  private waiters: (() => void)[] = [];

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
        data: (_, data) => client.changed(() => (client.received += data.toString("latin1"))),
        end: () => client.changed(() => (client.ended = true)),
        close: () => client.changed(() => (client.closed = true)),
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
    const deadline = Date.now() + patienceMs;
    while (!holds()) {
      if (Date.now() > deadline)
        throw new Error(`waited in vain for ${what}; received: ${JSON.stringify(this.received)}`);
      await Promise.race([new Promise<void>((resolve) => this.waiters.push(resolve)), Bun.sleep(50)]);
    }
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

  private changed(change: () => void): void {
    change();
    for (const waiter of this.waiters.splice(0)) waiter();
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

/** Waits until `holds`, for things that no socket tells. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(5);
  }
}
