import { join } from "node:path";

/** One method of a gRPC server, and how hard it is called. */
export interface H2Load {
  readonly port: number;
  /** `package.Service/Method`. */
  readonly method: string;
  readonly message: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly calls: number;
  readonly connections: number;
  /** In flight on each connection. */
  readonly streams: number;
  /** For the file with the message. */
  readonly folder: string;
}

/**
 * Calls per second, by nghttp2's load generator with one thread.
 * @throws when a call failed, since figures with failures in them mean nothing
 */
export async function runH2load({ folder, method, message, ...load }: H2Load): Promise<number> {
  const file = join(folder, "message.bin");
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  await Bun.write(file, Buffer.concat([head, message]));
  const headers = { te: "trailers", "content-type": "application/grpc", ...load.metadata };
  const counts = ["-n", load.calls, "-c", load.connections, "-m", load.streams].map(String);
  const command = [
    "h2load",
    ...counts,
    "-d",
    file,
    ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
  ];
  const child = Bun.spawn([...command, `http://127.0.0.1:${load.port}/${method}`], { stdout: "pipe" });
  const output = await new Response(child.stdout).text();
  const rate = /([\d.]+) req\/s/.exec(output)?.[1];
  // A refusal has status 200 and no data: only a message does.
  const dataBytes = Number(/\((\d+)\) data/.exec(output)?.[1]);
  const succeeded = Number(/(\d+) succeeded/.exec(output)?.[1]);
  if (rate === undefined || succeeded !== load.calls || !(dataBytes > load.calls * head.length)) {
    throw new Error(`h2load saw failures:\n${output}`);
  }
  return Number(rate);
}
