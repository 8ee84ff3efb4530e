import { recorderOrderSchema, runRecorder } from "./security/learning/index.ts";

/** Where the socket is that the listener comes over. */
const socket = 3;

/**
 * `solo __recorder RECORD`, with its order as JSON on standard input: looks at the calls of a service in audit mode, then ends the process.
 * What it does not let go on waits for ever, so it does nothing else.
 */
export async function runRecorderProcess([record]: readonly string[]): Promise<never> {
  if (record === undefined) throw new Error("usage: __recorder RECORD");
  // Who ends a whole group of processes ends the service by it, and this one with the service.
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
  const order = recorderOrderSchema.parse(await Bun.stdin.json());
  runRecorder(record, order, socket);
  process.exit(0);
}
