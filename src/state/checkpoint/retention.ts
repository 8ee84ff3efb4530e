import { byCreation, type CheckpointInfo, onOwnLog } from "./info.ts";

export interface Retention {
  /** Every position of so long a time can be restored, in milliseconds. */
  readonly keep_ms: number;
  readonly keep_count: number;
  /** Of the files, stored. */
  readonly keep_bytes: number;
}

export interface StoredInfo extends CheckpointInfo {
  /** Length of the file. */
  readonly stored_bytes: number;
}

/**
 * Which checkpoints go. By age: the newest one that is older than `keep_ms` stays, because what came after it is restored
 * from it. Then the oldest ones, until count and bytes hold. The newest one stays always.
 */
export function expired(
  checkpoints: readonly StoredInfo[],
  { keep_ms, keep_count, keep_bytes }: Retention,
  now: number,
): StoredInfo[] {
  const sorted = checkpoints.toSorted(byCreation);
  const own = onOwnLog(checkpoints);
  const newest = own.at(-1) ?? sorted.at(-1);
  const base = own.findLast(({ created }) => created < now - keep_ms);
  const isOld = (info: StoredInfo) => info.created < now - keep_ms && info !== base;
  const left = sorted.filter((info) => info === newest || !isOld(info));
  const gone = sorted.filter((info) => info !== newest && isOld(info));
  let bytes = left.reduce((sum, { stored_bytes }) => sum + stored_bytes, 0);
  for (const info of [...left]) {
    if (left.length <= keep_count && bytes <= keep_bytes) break;
    if (info === newest) continue;
    left.splice(left.indexOf(info), 1);
    bytes -= info.stored_bytes;
    gone.push(info);
  }
  return gone;
}
