import { randomBytes } from "node:crypto";
import { readdirSync, renameSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { CertificateFacts } from "../../api/index.ts";
import { contextOf, demandOf, handshakeMs, peerOf, type TlsCredentials } from "../tls/index.ts";
import { closeServer } from "./close-server.ts";

export interface TlsListenerOptions {
  readonly bind: string;
  readonly port: number;
  readonly credentials: TlsCredentials;
  /** Where the sockets of the servers behind lie: a folder that only the kernel's owner may enter. */
  readonly folder: string;
  readonly closing: AbortController;
  /** A server of plain HTTP on a unix socket, for connections whose peer showed that certificate. */
  readonly serve: (socketPath: string, certificate: CertificateFacts | undefined) => Bun.Server<undefined>;
}

export interface TlsListener {
  close(): Promise<void>;
}

/**
 * Ends TLS and hands the bytes on to a server of plain HTTP behind it, one for each client certificate: Bun's own server does
 * not tell a request's certificate, and Node's is half as fast (docs/decisions/0019). Certificates that change are used for
 * the connections that come.
 *
 * @throws what `listen` does, such as `EADDRINUSE`
 */
export async function listenTls(options: TlsListenerOptions): Promise<TlsListener> {
  const { bind, port, credentials, closing } = options;
  const backends = new Backends(options);
  const open = new Set<Socket>();
  const track = (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  };
  const server = createServer(
    { ...contextOf(credentials.current(), "http/1.1"), ...demandOf(credentials) },
    (socket) => {
      track(socket);
      accept(socket, backends, credentials);
    },
  );
  // Those that shake hands still.
  server.on("connection", track);
  // Whatever a peer does wrong before it is known concerns nobody else.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await listening(server, bind, port);
  credentials.onChange((context) => server.setSecureContext(contextOf(context, "http/1.1")));
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await backends.close(closing);
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function accept(socket: TLSSocket, backends: Backends, credentials: TlsCredentials): void {
  socket.on("error", () => socket.destroy());
  const certificate = peerOf(socket, credentials);
  if (certificate === "refused") {
    socket.destroy();
    return;
  }
  const { path, release } = backends.take(certificate);
  const behind = connect(path);
  behind.on("error", () => socket.destroy());
  behind.on("close", () => {
    release();
    // What was answered last is still on its way to the peer, which may take no notice.
    socket.setTimeout(handshakeMs, () => socket.destroy());
    socket.end();
  });
  socket.on("close", () => behind.destroy());
  socket.pipe(behind);
  behind.pipe(socket);
}

interface Backend {
  readonly path: string;
  readonly server: Bun.Server<undefined>;
  connections: number;
}

/** The servers behind: each is there for as long as connections of its certificate are. */
class Backends {
  readonly #options: TlsListenerOptions;
  readonly #byFingerprint = new Map<string, Backend>();

  constructor(options: TlsListenerOptions) {
    this.#options = options;
    removeSockets(options.folder);
  }

  take(certificate: CertificateFacts | undefined): { readonly path: string; readonly release: () => void } {
    const fingerprint = certificate?.fingerprint ?? "";
    const backend = this.#byFingerprint.get(fingerprint) ?? this.#start(fingerprint, certificate);
    backend.connections += 1;
    return {
      path: backend.path,
      release: () => {
        backend.connections -= 1;
        if (backend.connections > 0 || this.#byFingerprint.get(fingerprint) !== backend) return;
        this.#byFingerprint.delete(fingerprint);
        void this.#end(backend);
      },
    };
  }

  async close(closing: AbortController): Promise<void> {
    const all = [...this.#byFingerprint.values()];
    this.#byFingerprint.clear();
    closing.abort();
    await Promise.all(all.map(({ server }) => closeServer(server, closing)));
    for (const { path } of all) rmSync(path, { force: true });
  }

  /**
   * Whoever connects to the socket is taken for the certificate's owner. Its name can't be guessed, nor found in
   * /proc/net/unix, which has the name that a socket was bound by; the folder is as closed as the owner's key.
   */
  #start(fingerprint: string, certificate: CertificateFacts | undefined): Backend {
    const { folder, serve } = this.#options;
    const name = () => join(folder, `${socketPrefix}${randomBytes(8).toString("base64url")}`);
    const [bound, path] = [name(), name()];
    const server = serve(bound, certificate);
    renameSync(bound, path);
    const backend = { path, server, connections: 0 };
    this.#byFingerprint.set(fingerprint, backend);
    return backend;
  }

  async #end({ path, server }: Backend): Promise<void> {
    rmSync(path, { force: true });
    await server.stop(true);
  }
}

/** Those of a kernel that was killed. */
function removeSockets(folder: string): void {
  for (const name of readdirSync(folder)) if (socketName.test(name)) rmSync(join(folder, name), { force: true });
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** With eleven random characters as long as the longest name of a socket in that folder, so that its path fits. */
const socketPrefix = "t";
const socketName = /^t[\w-]{11}$/;
