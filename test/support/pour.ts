import type { Socket, SocketHandler } from "bun";

/** Where a listener is. */
export type Address = { readonly unix: string } | { readonly hostname: string; readonly port: number };

/** A connection that sends some bytes again and again until it is closed, or has sent enough. */
export async function pour(
  address: Address,
  bytes: Uint8Array,
  mostBytes: number,
): Promise<{ received: string; closed: boolean }> {
  const state = { received: "", closed: false, sent: 0 };
  const { promise, resolve } = Promise.withResolvers<void>();
  const fill = (socket: Socket) => {
    while (state.sent < mostBytes && !state.closed) {
      const written = socket.write(bytes);
      if (written <= 0) return;
      state.sent += written;
    }
    if (state.sent >= mostBytes) resolve();
  };
  const end = () => {
    state.closed = true;
    resolve();
  };
  const handlers = {
    open: fill,
    drain: fill,
    data: (_: Socket, data: Uint8Array) => void (state.received += Buffer.from(data).toString("latin1")),
    close: end,
    end,
    error: end,
  };
  const socket = await connect(address, handlers);
  // One that takes no more and says nothing is as good as closed to it.
  const timer = setTimeout(resolve, stallMs);
  await promise;
  clearTimeout(timer);
  socket.terminate();
  return state;
}

const stallMs = 1_000;

export function connect(address: Address, socket: SocketHandler<undefined>): Promise<Socket<undefined>> {
  if ("unix" in address) return Bun.connect({ unix: address.unix, socket });
  return Bun.connect({ hostname: address.hostname, port: address.port, socket });
}

/** The same for the same seed. */
export const noise = (seed: number, length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => (Math.imul(index + seed, 2_654_435_761) >>> 24) & 0xff);
