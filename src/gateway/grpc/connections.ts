import type { Socket } from "node:net";
import { type ApiAccess, type CertificateFacts, SoloError } from "../../api/index.ts";
import type { GrpcServer } from "./server.ts";

export interface ConnectionsOptions {
  readonly access: ApiAccess;
  readonly version: string;
  readonly onBug: (error: Error) => void;
  /** Told of every call that ended, with the name of its status. */
  readonly onEnd?: ((method: string, status: string, tookMs: number) => void) | undefined;
}

/** What answers connections that showed the same certificate, or none. */
interface Answering {
  readonly server: Promise<GrpcServer>;
  connections: number;
}

/** What has connected. What a peer showed at its handshake holds for all of its calls: each certificate has a server of its own. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #closing = new AbortController();
  readonly #open = new Set<Socket>();
  readonly #byFingerprint = new Map<string, Answering>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Cuts the connection off at the end, if it lives so long. */
  track(socket: Socket): void {
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    socket.on("error", () => socket.destroy());
  }

  take(socket: Socket, certificate: CertificateFacts | undefined): void {
    if (this.#closing.signal.aborted) {
      socket.destroy();
      return;
    }
    const fingerprint = certificate?.fingerprint ?? "";
    const answering = this.#byFingerprint.get(fingerprint) ?? this.#start(fingerprint, certificate);
    answering.connections += 1;
    socket.on("close", () => this.#release(fingerprint, answering));
    answering.server.then(
      (server) => {
        if (!socket.destroyed) server.serve(socket);
      },
      (thrown: unknown) => {
        this.#options.onBug(SoloError.from(thrown));
        socket.destroy();
      },
    );
  }

  /** Ends streams with a word, lets calls in work be answered, and cuts off what is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    const all = [...this.#byFingerprint.values()];
    this.#byFingerprint.clear();
    await Promise.all(all.map(end));
    for (const socket of this.#open) socket.destroy();
  }

  #start(fingerprint: string, certificate: CertificateFacts | undefined): Answering {
    const answering = { server: this.#load(certificate), connections: 0 };
    this.#byFingerprint.set(fingerprint, answering);
    return answering;
  }

  async #load(certificate: CertificateFacts | undefined): Promise<GrpcServer> {
    const { access, version, onBug, onEnd } = this.#options;
    const { createGrpcServer } = await import("./server.ts");
    return createGrpcServer({ access, version, onBug, onEnd, certificate, closing: this.#closing.signal });
  }

  /** Of what most come with, one stays: nobody pays twice for it. */
  #release(fingerprint: string, answering: Answering): void {
    answering.connections -= 1;
    if (answering.connections > 0 || fingerprint === "" || this.#byFingerprint.get(fingerprint) !== answering) return;
    this.#byFingerprint.delete(fingerprint);
    void end(answering);
  }
}

async function end({ server }: Answering): Promise<void> {
  const started = await server.catch(() => undefined);
  await started?.close();
}
