import type { AnswerStatus } from "./answer.ts";
import type { BodyReader } from "./http1/index.ts";
import type { Outbox } from "./outbox.ts";

/** The client's connection, as an exchange uses it. */
export interface ExchangeClient {
  readonly outbox: Outbox;
  readonly requestBody: BodyReader;
  /** The `X-Forwarded-*` fields that tell where the client is. */
  readonly origin: Buffer;
  expireIn(ms: number): void;
  /** Takes what was kept, all of it. */
  takeReadAhead(): Buffer | null;
  /** Keeps bytes for later, behind those kept before. */
  readAhead(bytes: Buffer): void;
  /** Keeps bytes for later that came before all those kept. */
  giveBack(bytes: Buffer): void;
  pause(): void;
  resume(): void;
  answer(status: AnswerStatus, reason: string): void;
  /** From now on the connection belongs to this conversation. */
  handOver(to: Conversation): void;
  exchangeDone(keepAlive: boolean): void;
  /** Closes once everything is sent. */
  finish(): void;
  /** Closes at once, so that the client can't take a part for the whole. */
  abort(): void;
}

/** What a client's connection is busy with: a request and its response, or a tunnel. */
export interface Conversation {
  clientData(data: Buffer): void;
  /** The client takes bytes again. */
  clientDrained(): void;
  /** The client closed its sending half. @returns whether it can still want bytes */
  clientEnded(): boolean;
  clientClosed(): void;
  /** The deadline set last has passed. */
  expired(): void;
}
