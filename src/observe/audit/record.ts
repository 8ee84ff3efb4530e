import { SoloError } from "../../api/index.ts";

/** What an operation came to: `refused` before it began, `unknown` when nobody can say. */
export type AuditOutcome = "done" | "failed" | "refused" | "unknown";

/** Who asks for what, as far as it may be told: never a token, a secret's value or an operation's input. */
export interface AuditSubject {
  /** `owner`, `capability:ID`, `service:TENANT/NAME`, or `anonymous` for somebody who showed nothing valid. */
  readonly actor: string;
  /** Null for what concerns the kernel itself. */
  readonly tenant: string | null;
  /** The capability's id, when one was used; not its token. */
  readonly capability: string | null;
  readonly request_id: string;
  /** The name of the API's operation. */
  readonly operation: string;
  /** What it is done to, such as `default/web`. */
  readonly subject: string;
  /** What made the actor ask, as far as it is known: a request's id, a signal. */
  readonly cause: string | null;
}

/** How an operation ended, or why it was refused. */
export interface AuditEnd {
  readonly outcome: AuditOutcome;
  /** The error's code; null without one. */
  readonly code: string | null;
  /** The error's message; null without one. */
  readonly reason: string | null;
}

/**
 * `begin` is durable before its operation runs; `end` tells what came of it; `refusal` stands alone, and counts more than one
 * when the same came many times within a second. The trail itself writes the others: `segment` begins a file, `dropped` tells
 * which files the byte budget took, and `damage` that records were missing when the kernel started.
 */
type AuditKind = "begin" | "end" | "refusal" | "segment" | "dropped" | "damage";

/** A record without its place in the chain: JSON members, in the order in which they are written. */
export type AuditFields = Readonly<Record<string, string | number | null>> & { readonly kind: AuditKind };

/** The place of a record in the chain: its number, from 1 without gaps, and the hash up to and with it. */
export interface ChainPoint {
  readonly sequence: number;
  readonly hash: string;
}

/** A record as it was read. */
export interface AuditLine extends ChainPoint {
  /** Of the file, without its newline: what was hashed, and the hash. */
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Before the first record. */
export const genesis: ChainPoint = { sequence: 0, hash: "0".repeat(64) };

/** Longer texts are cut: a record says who did what to what, and has a bounded size. */
const longestText = 256;
const hashMember = /^(\{[\x20-\x7e]*),"hash":"([0-9a-f]{64})"\}$/;

/**
 * The members of a record as JSON, without braces; they do not change when it gets its place. ASCII only, so that two
 * different files never read as the same text.
 */
export function serialize(fields: AuditFields): string {
  const clean = Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? plain(value) : value]);
  const json = JSON.stringify(Object.fromEntries(clean)).slice(1, -1);
  return json.replace(/[\x80-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Bytes that a line of these members takes at most. */
export function lineBytes(members: string): number {
  return members.length + chainBytes;
}

/** `{"sequence":N,` … `,"hash":"…"}` and the newline. */
const chainBytes = 128;

/** A record at its place behind `previous`, as a line without its newline. */
export function chained(previous: ChainPoint, members: string): ChainPoint & { readonly text: string } {
  const sequence = previous.sequence + 1;
  const body = `{"sequence":${sequence},${members}}`;
  const hash = hashOf(previous.hash, body);
  return { sequence, hash, text: `${body.slice(0, -1)},"hash":"${hash}"}` };
}

/** SHA-256 over the hash before and the record's own bytes. */
function hashOf(previous: string, body: string): string {
  return new Bun.CryptoHasher("sha256").update(previous).update("\n").update(body).digest("hex");
}

/** A line's record and what its hash must cover; `undefined` when it is none. Whether the hash is right is not checked. */
export function parseLine(text: string): (AuditLine & { readonly body: string }) | undefined {
  const match = hashMember.exec(text);
  if (match === null) return undefined;
  const [, open = "", hash = ""] = match;
  const fields = parseObject(text);
  const sequence = fields?.sequence;
  if (fields === undefined || typeof sequence !== "number" || !Number.isSafeInteger(sequence)) return undefined;
  return { sequence, hash, text, fields, body: `${open}}` };
}

/** Whether a record is what followed `previous`, unchanged. */
export function follows(previous: ChainPoint, line: { readonly body: string } & ChainPoint): boolean {
  return line.sequence === previous.sequence + 1 && hashOf(previous.hash, line.body) === line.hash;
}

/** An error as the end of an operation. */
export function failureOf(thrown: unknown): AuditEnd {
  const { code, message, applied } = SoloError.from(thrown);
  return { outcome: applied === "unknown" ? "unknown" : "failed", code, reason: message };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function plain(text: string): string {
  const shown = text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;
  return shown.toWellFormed().replace(/[\x00-\x1f\x7f]/g, "\ufffd");
}
