/** Below the ports of instances (`src/supervise/ports.ts`) and of outgoing connections, which would take one before its test does. */
const firstPort = 10_000;
const blockPorts = 100;
const blocks = 100;

/** A TCP port of this machine that nobody listens on at the moment, and that no other process of tests hands out. */
export function freePort(): number {
  own ??= claimBlock();
  for (let tried = 1; tried < blockPorts; tried++) {
    own.last = (own.last % (blockPorts - 1)) + 1;
    const port = own.first + own.last;
    const listener = tryListen(port);
    listener?.stop(true);
    if (listener !== undefined) return port;
  }
  throw new Error(`all ports from ${own.first} to ${own.first + blockPorts - 1} are taken`);
}

/** Different free ports. */
export function freePorts(count: number): number[] {
  return Array.from({ length: count }, freePort);
}

/** Ports that are this process's to hand out: for as long as it listens on the first of them. */
let own: { readonly first: number; last: number } | undefined;

function claimBlock(): { readonly first: number; last: number } {
  for (let block = 0; block < blocks; block++) {
    const first = firstPort + block * blockPorts;
    const listener = tryListen(first);
    if (listener === undefined) continue;
    listener.unref();
    return { first, last: 0 };
  }
  throw new Error(`no block of ports is free from ${firstPort} on`);
}

function tryListen(port: number) {
  try {
    return Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  } catch {
    return undefined;
  }
}

/** Whether something accepts connections on a port of this machine. */
export async function isListening(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}
