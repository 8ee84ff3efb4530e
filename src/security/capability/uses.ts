import { SoloError } from "../../api/index.ts";
import type { LiveCapability } from "./live.ts";

/**
 * Counts one operation against a capability and every ancestor that has a limit. What is counted is durable before it is
 * used: in blocks, so that not every operation waits for the disk; a crash costs the rest of a block and never gives one back.
 * @throws SoloError `budget_exhausted` when one of them has none left, and whatever `save` throws; nothing is then counted
 */
export function countUse(live: LiveCapability, save: (counted: LiveCapability, used: number) => void): void {
  const empty = live.counted.find(({ record, used }) => used >= (record.calls ?? 0));
  if (empty !== undefined) {
    throw new SoloError(
      "budget_exhausted",
      `the capability ${empty.id} has used up its ${empty.record.calls} operations`,
      {
        hint: "have its owner grant another one: `solo capability grant`",
        details: { capability: empty.id, calls: empty.record.calls },
      },
    );
  }
  for (const counted of live.counted) {
    if (counted.used < counted.reserved) continue;
    const limit = counted.record.calls ?? 0;
    const reserved = Math.min(limit, counted.used + Math.max(1, Math.floor(limit / blocks)));
    save(counted, reserved);
    counted.reserved = reserved;
  }
  for (const counted of live.counted) counted.used += 1;
}

/** Into so many is a limit divided: a crash costs one percent of it at most. */
const blocks = 100;
