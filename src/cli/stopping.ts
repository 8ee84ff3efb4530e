import { type SoloApi, SoloError } from "../api/index.ts";
import type { TakeoverKernel } from "./doors/kernel.ts";
import type { Session } from "./session.ts";

/** What there is to have things stopped by. */
export type Stopper = Pick<SoloApi, "kill" | "shutdown">;

/**
 * Has something stopped by the kernel that runs. When none does (it died, or was told to leave its services running), by one
 * inside this process that takes over what runs, starts nothing, and leaves everything else as it was.
 *
 * @param alone what to do with the kernel inside this process
 * @throws SoloError `locked` when another process holds the data directory for too long
 */
export async function stopWith<T>(
  session: Session,
  online: (kernel: Stopper) => Promise<T>,
  alone: (takeOver: () => Promise<TakeoverKernel>) => Promise<T>,
): Promise<T> {
  const client = await session.kernel();
  const door = session.isOwner ? await session.door() : undefined;
  const begin = performance.now();
  for (;;) {
    try {
      return await online(client);
    } catch (thrown) {
      if (!door || !hasCode(thrown, "unreachable")) throw thrown;
    }
    const waited = performance.now() - begin;
    try {
      // A guardian has the next kernel up within moments: that one is asked then.
      const isComing = waited < guardianMs && door.isGuarded(session.config);
      if (!isComing) return await alone(() => door.takeOver(session.config));
    } catch (thrown) {
      // Someone else is about to start a kernel, or does what this command does.
      if (!hasCode(thrown, "locked") || waited > lockedMs) throw thrown;
    }
    await Bun.sleep(pollMs);
  }
}

function hasCode(thrown: unknown, code: SoloError["code"]): boolean {
  return thrown instanceof SoloError && thrown.code === code;
}

/** Twice what a guardian takes to have a kernel again. One that left its services running stays as guardian without. */
const guardianMs = 500;
const lockedMs = 10_000;
const pollMs = 20;
