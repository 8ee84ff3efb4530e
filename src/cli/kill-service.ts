import type { KillResult, OperationInput } from "../api/index.ts";
import type { Session } from "./session.ts";
import { stopWith } from "./stopping.ts";

/** Stops a service for good, whether a kernel runs or not: without one it would come back with the next. */
export function killService(session: Session, request: OperationInput<"kill">): Promise<KillResult> {
  return stopWith(
    session,
    (kernel) => kernel.kill(request),
    async (takeOver) => {
      // A name that is none is told without opening, and so writing, anything.
      await session.lookUp(request.name);
      const { kernel, close } = await takeOver();
      try {
        return await kernel.kill(request);
      } finally {
        await close();
      }
    },
  );
}
