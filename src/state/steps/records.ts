import { z } from "zod";
import { SoloError } from "../../api/error.ts";
import { pack, unpack } from "../../api/message-pack.ts";
import type { Space } from "../core/space.ts";
import type { Mutation, Stored } from "../core/types.ts";

/** What durable steps keep, as MessagePack. Fields may be added. Times are milliseconds since 1970. */

const count = z.number().nonnegative();
const amounts = z.object({ calls: count, tokens: count, currency: count, wall_ms: count });
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** In `step`, under a step's key; a run's own under the run's. */
export const stepRecord = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step"), result: bytes, time: count }),
  z.object({
    kind: z.literal("wait"),
    name: z.string(),
    /** When it gives up; null for never. */
    deadline: count.nullable(),
    /** `waiting` only where there is a deadline to remember. */
    state: z.enum(["waiting", "done", "timed_out"]),
    value: bytes.nullable(),
    time: count,
  }),
  z.object({ kind: z.literal("run"), result: bytes, begun: count, time: count }),
]);
export type StepRecord = z.infer<typeof stepRecord>;

/** In `effect`. */
export const effectRecord = z.object({
  /** `retry`: known not to have happened; the next attempt may go ahead. */
  state: z.enum(["pending", "unknown", "done", "failed", "retry"]),
  /** Idempotency key. */
  key: z.string(),
  /** Dispatches so far. */
  attempt: count,
  token: z.string(),
  /** The process that dispatched it. */
  owner: z.string(),
  begun: count,
  ended: count.nullable(),
  reserved: amounts,
  spent: amounts.nullable(),
  result: bytes.nullable(),
  reason: z.string().nullable(),
});
export type EffectRecord = z.infer<typeof effectRecord>;

/** In `timer`. */
export const timerRecord = z.object({ until: count, time: count });

/** In `signal`. */
export const signalRecord = z.object({ value: bytes, time: count });

/** In `signal`, under {@link signalIdsKey}: ids of delivered signals, oldest first. */
export const signalIdsRecord = z.object({ ids: z.array(z.string()) });
/** No run's id is empty but the service's own, and no name of a signal is. */
export const signalIdsKey = "\u0000\u0000ids";

/** In `budget`. */
export const usageRecord = z.object({ window: count, used: amounts, reserved: amounts });
export const usageKey = "usage";

/** In `meta`: a run, or a step of the service's own, that has begun, and the process that is at it. */
export const begunRecord = z.object({ begun: count, owner: z.string().nullable() });
/** In `meta`: what makes idempotency keys of this state differ from those of another one of the same name. */
export const identityRecord = z.object({ id: z.string() });
export const identityKey = "identity";

export function put(space: Space, key: string, record: object): Mutation {
  return { op: "put", space, key, value: pack(record) };
}

export function remove(space: Space, key: string): Mutation {
  return { op: "delete", space, key };
}

/** @throws SoloError `storage_corrupt` for what no version of this program wrote */
export function read<Schema extends z.ZodType>(schema: Schema, stored: Stored): z.infer<Schema> {
  const result = schema.safeParse(unpack(stored.value));
  if (result.success) return result.data;
  throw new SoloError(
    "storage_corrupt",
    `a record of a durable step can't be read: ${result.error.issues[0]?.message}`,
    {
      hint: "was it written by a later version of Solo? Otherwise restore a checkpoint",
    },
  );
}
