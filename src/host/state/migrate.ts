import type { Service, State } from "../sdk/service.ts";
import type { StateChannel } from "./channel.ts";

/** Between questions whether another instance has finished. */
const askMs = 100;

/**
 * Brings the service's data to the version that its specification declares, or waits until another instance has.
 * @throws whatever the service's `migrate` throws
 */
export async function migrate(service: Service, state: State, channel: StateChannel): Promise<void> {
  for (;;) {
    const answer = await channel.request("migration.begin", [], { isWrite: false, bytes: 0 });
    const [what, from, declared]: unknown[] = Array.isArray(answer) ? answer : [];
    if (what === "run" && typeof from === "number") {
      await service.migrate?.(state, from);
      await channel.request("migration.end", [declared], { isWrite: false, bytes: 0 });
      return;
    }
    if (what !== "wait") return;
    await Bun.sleep(askMs);
  }
}
