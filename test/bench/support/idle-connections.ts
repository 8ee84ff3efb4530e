import type { Socket } from "bun";

/** Connections that a process of its own keeps open. Take it with `await using`. */
export interface IdleConnections extends AsyncDisposable {
  /** How many of them are open still. */
  open(): Promise<number>;
}

/** Opens connections from another process; resolves when the server has answered once on each. */
export async function idleConnections(count: number, port: number, host: string): Promise<IdleConnections> {
  const child = Bun.spawn([process.execPath, import.meta.path, String(count), String(port), host], {
    ...{ stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  });
  const said = child.stdout.getReader();
  const told = async () => Number(/open (\d+)/.exec(Buffer.from((await said.read()).value ?? []).toString())?.[1]);
  await told();
  return {
    open: async () => {
      child.stdin.write("\n");
      await child.stdin.flush();
      return told();
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

const atATime = 100;

if (import.meta.main) await hold();

/**
 * The process: `bun idle-connections.ts COUNT PORT HOST`. The server is asked once on each connection. It prints `open COUNT` when
 * all are answered, and for each line that it reads, how many still are open.
 */
async function hold(): Promise<void> {
  const [count = "", port = "", host = ""] = process.argv.slice(2);
  const request = `GET /v1/version HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  let open = 0;
  let answered = 0;
  for (let begun = 0; begun < Number(count); begun += atATime) {
    await Promise.all(Array.from({ length: Math.min(atATime, Number(count) - begun) }, connect));
  }
  console.log(`open ${open}`);
  for await (const _ of console) console.log(`open ${open}`);

  function connect(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isAnswered = false;
    const data = (_: Socket) => {
      if (isAnswered) return;
      isAnswered = true;
      answered += 1;
      open += 1;
      resolve();
    };
    const close = () => {
      if (isAnswered) open -= 1;
      else reject(new Error(`a connection was closed after ${answered} answers`));
    };
    void Bun.connect({
      hostname: "127.0.0.1",
      port: Number(port),
      socket: { open: (socket) => void socket.write(request), data, close, connectError: (_, error) => reject(error) },
    });
    return promise;
  }
}
