import type { Socket, SocketHandler } from "bun";
import { BodyReader } from "./http1/index.ts";
import { Outbox } from "./outbox.ts";

/** The exchange that an upstream connection serves. */
export interface UpstreamUser {
  upstreamOpened(): void;
  upstreamRefused(): void;
  upstreamData(data: Buffer): void;
  upstreamDrained(): void;
  upstreamClosed(failed: boolean): void;
  /** Something was thrown while the connection was served. */
  upstreamFailed(error: unknown): void;
}

/** Where a connection rests between exchanges. */
export interface IdlePool {
  forget(connection: UpstreamConnection): void;
}

/** One connection to an endpoint. It serves one exchange at a time, or rests in its pool. */
export class UpstreamConnection {
  readonly outbox = new Outbox();
  readonly body = new BodyReader();
  user: UpstreamUser | null = null;
  /** When it came to rest, on the ingress's clock. */
  idleSince = 0;
  private socket: Socket<UpstreamConnection> | null = null;
  private gone = false;
  private paused = false;
  private ending = false;

  private constructor(private readonly pool: IdlePool) {}

  static connect(host: string, port: number, pool: IdlePool, user: UpstreamUser): UpstreamConnection {
    const connection = new UpstreamConnection(pool);
    connection.user = user;
    // A refusal arrives through `connectError`; the promise only repeats it.
    Bun.connect({ hostname: host, port, data: connection, socket: handlers }).catch(() => connection.refused());
    return connection;
  }

  pause(): void {
    if (this.paused || this.gone) return;
    this.paused = true;
    this.socket?.pause();
  }

  resume(): void {
    if (!this.paused || this.gone) return;
    this.paused = false;
    this.socket?.resume();
  }

  /** Half closes, once everything is sent. */
  endSending(): void {
    this.ending = true;
    if (!this.outbox.congested) this.socket?.shutdown();
  }

  /** Closes at once and tells nobody. */
  destroy(): void {
    this.user = null;
    if (this.gone) return;
    this.gone = true;
    this.socket?.terminate();
  }

  opened(socket: Socket<UpstreamConnection>): void {
    if (this.gone) {
      socket.terminate();
      return;
    }
    this.socket = socket;
    this.outbox.open(socket);
    this.user?.upstreamOpened();
  }

  refused(): void {
    if (this.gone) return;
    this.gone = true;
    this.user?.upstreamRefused();
  }

  received(data: Buffer): void {
    if (this.user !== null) {
      this.user.upstreamData(data);
    } else {
      // Nobody asked: a response to nothing must not meet the next request.
      this.pool.forget(this);
      this.destroy();
    }
  }

  drained(): void {
    if (!this.outbox.drain()) return;
    if (this.ending) this.socket?.shutdown();
    this.user?.upstreamDrained();
  }

  closed(failed: boolean): void {
    if (this.gone) return;
    this.gone = true;
    if (this.user !== null) this.user.upstreamClosed(failed);
    else this.pool.forget(this);
  }
}

const handlers: SocketHandler<UpstreamConnection> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, data) => socket.data.received(data),
  drain: (socket) => socket.data.drained(),
  close: (socket, error) => socket.data.closed(error !== undefined),
  error: (socket, error) => socket.data.user?.upstreamFailed(error),
  connectError: (socket) => socket.data.refused(),
};
