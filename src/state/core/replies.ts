import { replyWindow } from "../../api/state-channel.ts";
import type { Table } from "./table.ts";
import type { Mutation, ReplySlot, Stored } from "./types.ts";

/** Nobody asks again after so long: hosts give up sooner. */
const replyLifeMs = 600_000;

const headBytes = 16;

export interface Remembered {
  readonly version: number;
  readonly answer: Uint8Array;
}

/** What a request was answered, if it was applied before. */
export function rememberedReply(table: Table, { client, sequence }: ReplySlot): Remembered | undefined {
  const stored = table.get("reply", slotKey(client, sequence));
  if (stored === undefined || !isOf(stored.value, sequence)) return undefined;
  return { version: stored.version, answer: stored.value.subarray(headBytes) };
}

/** Remembers an answer, in place of that of the request `replyWindow` before: sequence, time (float64 each), answer. */
export function rememberReply({ client, sequence }: ReplySlot, time: number, answer: Uint8Array): Mutation {
  const value = Buffer.allocUnsafeSlow(headBytes + answer.length);
  value.writeDoubleLE(sequence, 0);
  value.writeDoubleLE(time, 8);
  value.set(answer, headBytes);
  return { op: "put", space: "reply", key: slotKey(client, sequence), value };
}

/** Forgets what nobody can ask for any more. */
export function oldReplies(table: Table, now: number): Mutation[] {
  const old: Mutation[] = [];
  for (const { key, ...stored } of table.entries("reply")) {
    if (bufferOf(stored).readDoubleLE(8) < now - replyLifeMs) old.push({ op: "delete", space: "reply", key });
  }
  return old;
}

function slotKey(client: string, sequence: number): string {
  return `${client}/${sequence % replyWindow}`;
}

/** Byte by byte: a view of a small array's memory costs more than all the rest of a write. */
function isOf(value: Uint8Array, sequence: number): boolean {
  scratch.writeDoubleLE(sequence, 0);
  for (let at = 0; at < 8; at++) if (value[at] !== scratch[at]) return false;
  return true;
}

const scratch = Buffer.alloc(8);

function bufferOf({ value }: Pick<Stored, "value">): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.length);
}
