import type { Socket } from "bun";

/** Requests at a steady rate, whether answers come in time or not. */
export interface SteadyLoad {
  readonly port: number;
  /** A whole request, as bytes. */
  readonly request: string;
  readonly perSecond: number;
  readonly ms: number;
  readonly connections: number;
}

interface Line {
  /** When each request that was not answered yet was due. */
  readonly due: number[];
  bytes: string;
}

/**
 * How long each request took, in milliseconds, from the moment when it was due: an answer that comes late delays none of the
 * others' moments, so that a pause counts for all that it held up.
 * @throws when a request is answered with anything but 200
 */
export async function steadyLoad({ port, request, perSecond, ms, connections }: SteadyLoad): Promise<number[]> {
  const took: number[] = [];
  let failure: string | undefined;
  const data = (socket: Socket<Line>, chunk: Buffer) => {
    socket.data.bytes += chunk.toString("latin1");
    for (let end = endOfAnswer(socket.data.bytes); end > 0; end = endOfAnswer(socket.data.bytes)) {
      if (!socket.data.bytes.startsWith("HTTP/1.1 200 ")) failure ??= socket.data.bytes.slice(0, 500);
      socket.data.bytes = socket.data.bytes.slice(end);
      took.push(performance.now() - (socket.data.due.shift() ?? 0));
    }
  };
  const lines: Socket<Line>[] = [];
  for (let count = 0; count < connections; count++) {
    const line: Line = { due: [], bytes: "" };
    lines.push(await Bun.connect({ hostname: "127.0.0.1", port, data: line, socket: { data } }));
  }
  const begun = performance.now();
  const all = Math.floor((ms / 1_000) * perSecond);
  for (let sent = 0; sent < all; ) {
    const due = ((performance.now() - begun) / 1_000) * perSecond;
    for (; sent < Math.min(all, due); sent++) {
      const line = lines[sent % lines.length];
      line?.data.due.push(begun + (sent / perSecond) * 1_000);
      line?.write(request);
    }
    await Bun.sleep(1);
  }
  const deadline = performance.now() + patienceMs;
  while (took.length < all && performance.now() < deadline) await Bun.sleep(5);
  for (const line of lines) line.end();
  if (failure !== undefined || took.length < all)
    throw new Error(failure ?? `${all - took.length} answers are missing`);
  return took;
}

/** Where the first answer in some bytes ends; 0 when it is not whole yet. */
function endOfAnswer(bytes: string): number {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(bytes.slice(0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  return bytes.length >= end ? end : 0;
}

const patienceMs = 10_000;
