import { z } from "zod";
import { checkpointIdPattern, checkpointReasons } from "../../api/index.ts";

const count = z.int().nonnegative();
const name = z.string().min(1).max(255);

/** What the header of a checkpoint's file says. */
export const checkpointInfoSchema = z.object({
  id: z.string().regex(checkpointIdPattern),
  tenant: name,
  service: name,
  /** Of the service when it was made; null when it had none. */
  revision: z.string().max(128).nullable(),
  /** SHA-256 of that revision's specification. */
  spec_sha256: z.string().max(64).nullable(),
  /** Milliseconds since 1970. */
  created: count,
  /** Of the last log entry that it has. */
  position: count,
  /** Time of that entry, in milliseconds since 1970. */
  time: count,
  /** Keys of all spaces. */
  entries: count,
  /** Of keys and values, and of captured files. */
  bytes: count,
  /** Captured files and folders (mode `external`). */
  files: count,
  /** Length of the body: the file is this and its header. */
  body_bytes: count,
  /** Of the body, as it is stored. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  reason: z.enum(checkpointReasons),
  /** The checkpoint before it, or the one that it was copied from. */
  parent: z.string().regex(checkpointIdPattern).nullable(),
  /** Where its position counts, when that isn't the log of this service: it can be restored, but no log leads on from it. */
  foreign: z.object({ tenant: name, service: name }).nullable(),
});
export type CheckpointInfo = z.infer<typeof checkpointInfoSchema>;

/** A new id. They sort by the second in which they were made. */
export function newCheckpointId(now: number): string {
  const [date = "", time = ""] = new Date(now).toISOString().split("T");
  const random = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("");
  return `${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${random}`;
}

/** The order of making. */
export function byCreation(one: CheckpointInfo, other: CheckpointInfo): number {
  return one.created - other.created || one.position - other.position || (one.id < other.id ? -1 : 1);
}

/** Those whose position is on the service's own log, in its order, which no step of the clock changes. */
export function onOwnLog<Info extends CheckpointInfo>(checkpoints: readonly Info[]): Info[] {
  return checkpoints
    .filter(({ foreign }) => foreign === null)
    .sort((one, other) => one.position - other.position || byCreation(one, other));
}
