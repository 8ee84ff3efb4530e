import { maxFrameBytes } from "../../api/frames/index.ts";
import { heartbeatIntervalMs } from "../../api/index.ts";
import { pack } from "../../api/message-pack.ts";
import type { Clock } from "../../system/index.ts";
import { heartbeatTimeoutMs } from "../heartbeat.ts";
import type { AgentMemory } from "./store.ts";

/** Who an agent is, as it is told. */
export interface Identity {
  readonly service: string;
  readonly tenant: string;
  readonly instance: string;
  readonly revision: string;
}

export const protocolVersions: readonly number[] = [1, 2];
const newest = 2;

/** Seconds since 1970. */
export function now(clock: Clock): number {
  return Math.floor(clock.now() / 1_000);
}

export function helloMessage(identity: Identity, session: Uint8Array, resume: boolean, clock: Clock) {
  const data = {
    versions: protocolVersions,
    session,
    resume,
    role: "main",
    ...identity,
    heartbeat_ms: heartbeatIntervalMs,
    dead_after_ms: heartbeatTimeoutMs,
    max_frame_bytes: maxFrameBytes,
    max_message_bytes: maxMessageBytes,
    compression: ["zstd"],
  };
  return { type: "hello", timestamp: now(clock), version: newest, data };
}

/** A `restore` as MessagePack in parts: what was kept is passed on as it came, without being understood. */
export function restoreParts({ checkpointId, snapshot, entries }: AgentMemory, clock: Clock): Uint8Array[] {
  return [
    Uint8Array.of(fixmapOf5),
    ...[pack("type"), pack("restore"), pack("timestamp"), pack(now(clock))],
    ...[pack("checkpoint_id"), pack(checkpointId), pack("snapshot")],
    ...(snapshot ?? [pack(null)]),
    ...[pack("wal_entries"), arrayHeader(entries.length)],
    ...entries,
  ];
}

function arrayHeader(length: number): Uint8Array {
  const header = new Uint8Array(5);
  header[0] = array32;
  new DataView(header.buffer).setUint32(1, length);
  return header;
}

const fixmapOf5 = 0x85;
const array32 = 0xdd;
/** Of a message that is joined from chunks. */
const maxMessageBytes = 104_857_600;
