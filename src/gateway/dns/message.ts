import { decode, encode, type OptAnswer, type Packet, type Answer as PacketRecord } from "dns-packet";
import type { ZoneRecord } from "./zone.ts";

/** Messages of DNS (RFC 1035) with EDNS (RFC 6891). */

export const rcodes = {
  ok: 0,
  malformed: 1,
  failed: 2,
  noName: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;
export type Rcode = (typeof rcodes)[keyof typeof rcodes];

/** A question that can be answered. */
export interface Question {
  readonly labels: readonly string[];
  readonly type: string;
  readonly isInternet: boolean;
}

/** A message as it came: what an answer repeats of it. */
export interface Received {
  readonly id: number;
  readonly opcode: number;
  readonly wantsRecursion: boolean;
  /** As it was sent, letter by letter; empty where there is none to be told. */
  readonly rawQuestion: Buffer;
  readonly question: Question | undefined;
  /** What the asker takes by UDP; undefined without EDNS. */
  readonly udpBytes: number | undefined;
  readonly ednsVersion: number;
  readonly isMalformed: boolean;
}

export interface Reply {
  readonly rcode: Rcode;
  readonly answers?: readonly ZoneRecord[];
  readonly additionals?: readonly ZoneRecord[];
  /** Says in whose name there is nothing, and how long that holds. */
  readonly tellsAuthority?: boolean;
}

const headerBytes = 12;
/** How long others may keep an answer: a service may be elsewhere in the next second. */
const ttlSeconds = 1;
/** What passes every network without being taken apart (DNS Flag Day 2020). */
const ownUdpBytes = 1_232;
const plainUdpBytes = 512;

/** Reads a message; undefined for what no answer is due to: too short to be one, or an answer itself. */
export function readMessage(bytes: Buffer): Received | undefined {
  if (bytes.length < headerBytes) return undefined;
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return undefined;
  const plain = { id: bytes.readUInt16BE(0), opcode: (flags >> 11) & 15, wantsRecursion: (flags & 0x100) !== 0 };
  const nothing = { ...plain, rawQuestion: Buffer.alloc(0), question: undefined, udpBytes: undefined, ednsVersion: 0 };
  const labels = readLabels(bytes);
  const packet = decoded(bytes);
  if (plain.opcode !== 0) return { ...nothing, isMalformed: false };
  const options = (packet?.additionals ?? []).filter((record) => record.type === "OPT");
  const [asked, ...more] = packet?.questions ?? [];
  if (asked === undefined || labels === undefined || more.length > 0 || options.length > 1) {
    return { ...nothing, isMalformed: true };
  }
  const end = headerBytes + labels.reduce((sum, label) => sum + label.length + 1, 1);
  const [option] = options;
  return {
    ...plain,
    rawQuestion: bytes.subarray(headerBytes, end + 4),
    question: {
      labels: labels.map((label) => label.toString("latin1")),
      type: asked.type ?? "",
      isInternet: [1, 255].includes(bytes.readUInt16BE(end + 2)),
    },
    udpBytes: option === undefined ? undefined : Math.max(plainUdpBytes, option.udpPayloadSize),
    ednsVersion: option?.ednsVersion ?? 0,
    isMalformed: false,
  };
}

/** An answer, no longer than the asker takes it: what does not fit is left out, and said to be. */
export function writeMessage(received: Received, reply: Reply, transport: "udp" | "tcp"): Buffer {
  const { rawQuestion, udpBytes } = received;
  const limit = transport === "tcp" ? 65_535 : Math.min(udpBytes ?? plainUdpBytes, ownUdpBytes);
  const option = udpBytes === undefined ? Buffer.alloc(0) : optionRecord(reply.rcode);
  let length = headerBytes + rawQuestion.length + option.length;
  const fitting = (records: readonly Buffer[]) => {
    const taken: Buffer[] = [];
    for (const record of records) {
      if (length + record.length > limit) break;
      length += record.length;
      taken.push(record);
    }
    return taken;
  };
  const all = (reply.answers ?? []).map((record) => encoded(record, received));
  const answers = fitting(all);
  const isTruncated = answers.length < all.length;
  const authority = fitting(reply.tellsAuthority === true ? [authorityRecord(received)] : []);
  const further = (isTruncated ? [] : (reply.additionals ?? [])).map((record) => encoded(record, received));
  const additionals = fitting(further);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(received.id, 0);
  header.writeUInt16BE(flagsOf(received, reply.rcode, isTruncated), 2);
  header.writeUInt16BE(rawQuestion.length > 0 ? 1 : 0, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(authority.length, 8);
  header.writeUInt16BE(additionals.length + (option.length > 0 ? 1 : 0), 10);
  return Buffer.concat([header, rawQuestion, ...answers, ...authority, ...additionals, option]);
}

function flagsOf({ opcode, wantsRecursion }: Received, rcode: Rcode, isTruncated: boolean): number {
  const isAuthoritative = rcode === rcodes.ok || rcode === rcodes.noName;
  const bits = 0x8000 | (isAuthoritative ? 0x400 : 0) | (isTruncated ? 0x200 : 0) | (wantsRecursion ? 0x100 : 0);
  return bits | (opcode << 11) | (rcode & 15);
}

function decoded(bytes: Buffer): Packet | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** The labels of the first question, which has nothing before it to point to. */
function readLabels(bytes: Buffer): Buffer[] | undefined {
  const labels: Buffer[] = [];
  let at = headerBytes;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    if (length > 63 || at + 1 + length >= bytes.length || at - headerBytes + length > 254) return undefined;
    labels.push(bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return at + 5 <= bytes.length ? labels : undefined;
}

/** Bytes of a record without a name before it: the library writes the root's there, in one byte behind the header. */
function body(record: PacketRecord): Buffer {
  return encode({ type: "response", answers: [record] }).subarray(headerBytes + 1);
}

function encoded({ owner, ...record }: ZoneRecord, received: Received): Buffer {
  const common = { name: ".", ttl: ttlSeconds, class: "IN" } as const;
  const bytes =
    record.type === "TXT"
      ? body({ ...common, type: "TXT", data: [...record.data] })
      : record.type === "SRV"
        ? body({ ...common, type: "SRV", data: { ...record.data, priority: 0, weight: 0 } })
        : body({ ...common, type: record.type, data: record.data });
  return Buffer.concat([compressed(owner, received), bytes]);
}

function authorityRecord(received: Received): Buffer {
  const times = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttlSeconds };
  const data = { mname: "localhost", rname: "hostmaster.localhost", ...times };
  const bytes = body({ name: ".", type: "SOA", ttl: ttlSeconds, class: "IN", data });
  return Buffer.concat([compressed(received.question?.labels.slice(-2) ?? [], received), bytes]);
}

/** A name, which ends by pointing to where the question has its end already. */
function compressed(labels: readonly string[], { question }: Received): Buffer {
  const asked = question?.labels ?? [];
  const isSame = (offset: number, from: number) =>
    asked.length - from === labels.length - offset &&
    labels.slice(offset).every((label, index) => asked[from + index]?.toLowerCase() === label.toLowerCase());
  const parts: Buffer[] = [];
  for (const [offset, label] of labels.entries()) {
    const from = asked.length - (labels.length - offset);
    if (from >= 0 && isSame(offset, from)) {
      const at = headerBytes + asked.slice(0, from).reduce((sum, one) => sum + one.length + 1, 0);
      return Buffer.concat([...parts, Buffer.from([0xc0 | (at >> 8), at & 255])]);
    }
    parts.push(Buffer.from([label.length]), Buffer.from(label, "latin1"));
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function optionRecord(rcode: Rcode): Buffer {
  const option: OptAnswer = {
    ...{ type: "OPT", name: ".", udpPayloadSize: ownUdpBytes, extendedRcode: rcode >> 4, ednsVersion: 0 },
    ...{ flags: 0, flag_do: false, options: [] },
  };
  return encode({ type: "response", additionals: [option] }).subarray(headerBytes);
}
