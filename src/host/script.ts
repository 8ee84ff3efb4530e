import { readFile } from "node:fs/promises";
import { portMention } from "../api/host-variables.ts";

/** Pauses between looks at the port. The first are short, since most scripts listen as soon as they are evaluated. */
const pollMinMs = 1;
const pollMaxMs = 50;

/**
 * When a plain script counts as started, after its top level was evaluated: at once if it never mentions `PORT`, else when
 * something accepts a connection there. Waiting does not keep the process alive, and has no end of its own: the kernel's
 * grace is the limit.
 *
 * @returns the port, or null for a script that serves nothing
 */
export async function scriptPort(entry: string, port: number): Promise<number | null> {
  if (!portMention.test(await readFile(entry, "utf8"))) return null;
  for (let pauseMs = pollMinMs; !(await accepts(port)); pauseMs = Math.min(pauseMs * 2, pollMaxMs)) {
    await new Promise<void>((resolve) => void setTimeout(resolve, pauseMs).unref());
  }
  return port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, error() {} } });
    socket.unref();
    socket.end();
    return true;
  } catch {
    return false;
  }
}
