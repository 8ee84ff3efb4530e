import { type AskedBy, BodyKind, type BodyReader, INCOMPLETE, type ResponseHead } from "./http1/index.ts";
import { maxInterimResponses } from "./options.ts";
import type { Outbox } from "./outbox.ts";

export type RelayOutcome = "more" | "done" | "upgraded" | "fault";

/** Passes one response on to the client: its interim heads, its head, its body. */
export class ResponseRelay {
  /** Whether bytes of the final response went to the client: from then on no other answer is possible. */
  started = false;
  /** Whether any byte came from the upstream: from then on the request can't be sent a second time. */
  touched = false;
  /** Offset in the last data of what doesn't belong to the response. */
  end = 0;
  /** Whether the upstream connection may be used again, by what the head says. */
  reusable = false;
  /** Whether the client's connection may be used again. */
  keepAlive = false;
  /** Of the final response; 0 before its head is here. */
  status = 0;
  fault = "";
  private partial: Buffer | null = null;
  private interims = 0;

  constructor(
    private readonly asked: AskedBy,
    private readonly head: ResponseHead,
  ) {}

  /** @param keepAlive whether the client's connection stays open after a response whose end it can see */
  receive(data: Buffer, body: BodyReader, client: Outbox, keepAlive: boolean): RelayOutcome {
    this.touched = true;
    return this.started
      ? this.relayBody(data, 0, body, client)
      : this.relayHead(this.partial === null ? data : Buffer.concat([this.partial, data]), body, client, keepAlive);
  }

  private relayHead(data: Buffer, body: BodyReader, client: Outbox, keepAlive: boolean): RelayOutcome {
    const { head, asked } = this;
    head.out.target = client;
    for (let at = 0; ; ) {
      const end = at < data.length ? head.read(data, at, asked) : INCOMPLETE;
      if (end === INCOMPLETE) {
        this.partial = at < data.length ? data.subarray(at) : null;
        return "more";
      }
      if (end < 0) return this.fail(head.fault?.reason ?? "malformed");
      at = end;
      if (head.status === 101) return this.upgrade(at);
      if (head.status >= 200) return this.startBody(data, at, body, keepAlive);
      if (++this.interims > maxInterimResponses) return this.fail("too many interim responses");
      // An HTTP/1.0 client doesn't know interim responses (RFC 9110 §15.2).
      if (!asked.version10) {
        head.finish(asked, true);
        head.out.flush();
      }
    }
  }

  private startBody(data: Buffer, at: number, body: BodyReader, keepAlive: boolean): RelayOutcome {
    const { head, asked } = this;
    const unwrap = asked.version10 && head.bodyKind === BodyKind.chunked;
    const closes = unwrap || head.bodyKind === BodyKind.untilClose;
    this.partial = null;
    this.started = true;
    this.status = head.status;
    this.reusable = head.reusable;
    this.keepAlive = keepAlive && !closes;
    head.finish(asked, this.keepAlive);
    body.start(head.bodyKind, head.contentLength, unwrap ? "data" : "whole");
    const end = body.consume(data, at, data.length, head.out);
    head.out.flush();
    return this.settle(end, body);
  }

  private relayBody(data: Buffer, at: number, body: BodyReader, client: Outbox): RelayOutcome {
    return this.settle(body.consume(data, at, data.length, client), body);
  }

  private settle(end: number, body: BodyReader): RelayOutcome {
    this.end = end;
    if (body.fault !== null) return this.fail(body.fault.reason);
    return body.done ? "done" : "more";
  }

  private upgrade(at: number): RelayOutcome {
    this.started = true;
    this.end = at;
    this.head.finish(this.asked, true);
    this.head.out.flush();
    return "upgraded";
  }

  private fail(reason: string): RelayOutcome {
    this.fault = reason;
    return "fault";
  }
}
