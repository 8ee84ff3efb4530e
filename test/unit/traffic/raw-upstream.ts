import type { Socket, TCPSocketListener } from "bun";

export interface UpstreamPeer {
  /** Everything received on this connection. */
  text: string;
  closed: boolean;
  send(text: string): void;
  end(): void;
  reset(): void;
}

/** A server that records every byte and answers with exactly the bytes it is told to. */
export class RawUpstream {
  readonly peers: UpstreamPeer[] = [];
  private readonly listener: TCPSocketListener<UpstreamPeer | null>;

  /** @param respond called after each arrival of bytes */
  constructor(
    private readonly respond: (peer: UpstreamPeer) => void,
    port = 0,
  ) {
    this.listener = Bun.listen<UpstreamPeer | null>({
      hostname: "127.0.0.1",
      port,
      data: null,
      socket: {
        open: (socket) => {
          socket.data = peerOf(socket);
          this.peers.push(socket.data);
        },
        data: ({ data: peer }, bytes) => {
          if (peer === null) return;
          peer.text += bytes.toString("latin1");
          this.respond(peer);
        },
        close: ({ data: peer }) => {
          if (peer !== null) peer.closed = true;
        },
      },
    });
  }

  get port(): number {
    return this.listener.port;
  }

  /** Everything received on any connection. */
  get text(): string {
    return this.peers.map((peer) => peer.text).join("");
  }

  stop(): void {
    this.listener.stop(true);
  }
}

export const okResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers `ok` to every head that arrives; it doesn't look at bodies. */
export function answerHeads(peer: UpstreamPeer): void {
  for (let end: number; (end = peer.text.indexOf("\r\n\r\n", seen.get(peer) ?? 0)) >= 0; ) {
    seen.set(peer, end + 4);
    peer.send(okResponse);
  }
}

const seen = new WeakMap<UpstreamPeer, number>();

function peerOf(socket: Socket<UpstreamPeer | null>): UpstreamPeer {
  return {
    text: "",
    closed: false,
    send: (text) => void socket.write(Buffer.from(text, "latin1")),
    end: () => void socket.end(),
    reset: () => socket.terminate(),
  };
}
