import { equalsFolded, folded, startsFolded } from "./bytes.ts";

/** The fields whose meaning ends at this hop or decides framing and routing. Every other field is `ordinary`: copied unread. */
export const Field = {
  ordinary: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  expect: 6,
  /** Dropped: it describes this connection only (RFC 9110 §7.6.1), or would open HTTP/2 past the framing checks. */
  hopByHop: 7,
  /** Dropped from requests: only the ingress may say where a request came from. */
  forwarded: 8,
} as const;
export type FieldId = (typeof Field)[keyof typeof Field];

interface Candidate {
  readonly name: Buffer;
  readonly id: FieldId;
}

const names: Readonly<Record<string, FieldId>> = {
  host: Field.host,
  "content-length": Field.contentLength,
  "transfer-encoding": Field.transferEncoding,
  connection: Field.connection,
  upgrade: Field.upgrade,
  expect: Field.expect,
  te: Field.hopByHop,
  "keep-alive": Field.hopByHop,
  "http2-settings": Field.hopByHop,
  // CGI turns it into HTTP_PROXY, which programs obey ("httpoxy").
  proxy: Field.hopByHop,
  forwarded: Field.forwarded,
  "x-real-ip": Field.forwarded,
};

const proxyPrefix = Buffer.from("proxy-");
const forwardedPrefix = Buffer.from("x-forwarded-");
const letterP = 0x70;
const letterX = 0x78;

const byLength: Candidate[][] = [];
for (const [name, id] of Object.entries(names)) (byLength[name.length] ??= []).push({ name: Buffer.from(name), id });

/**
 * Which field `src[start, end)` names. `_` counts as `-`, because CGI-like servers (WSGI, PHP) can't tell the two apart:
 * `X_Forwarded_For` must not slip past a filter of `X-Forwarded-For`.
 */
export function fieldId(src: Buffer, start: number, end: number): FieldId {
  const candidates = byLength[end - start];
  if (candidates !== undefined) {
    for (const candidate of candidates) {
      if (equalsFolded(src, start, end, candidate.name)) return candidate.id;
    }
  }
  const first = folded[src[start] ?? 0];
  if (first === letterX && startsFolded(src, start, end, forwardedPrefix)) return Field.forwarded;
  if (first === letterP && startsFolded(src, start, end, proxyPrefix)) return Field.hopByHop;
  return Field.ordinary;
}

/** Whether a field of this kind decides framing or routing, so that a spelling with `_` must be refused, not guessed at. */
export function decidesFraming(id: FieldId): boolean {
  return id === Field.host || id === Field.contentLength || id === Field.transferEncoding;
}
