import { type DeployProgress, type SoloApi, SoloError } from "../../api/index.ts";
import type { Order } from "./state.ts";

/** How an order ended, in a line. */
export interface OrderOutcome {
  readonly ok: boolean;
  readonly text: string;
}

/** Does what was asked for; never throws. */
export async function carryOut(
  kernel: Pick<SoloApi, "restart" | "kill" | "scale">,
  tenant: string,
  order: Order,
): Promise<OrderOutcome> {
  const { name } = order;
  try {
    if (order.verb === "scale") {
      await ended(kernel.scale({ tenant, name, replicas: order.replicas }));
      return { ok: true, text: `${name} has ${instances(order.replicas)}` };
    }
    if (order.verb === "restart") {
      await ended(kernel.restart({ tenant, name }));
      return { ok: true, text: `${name} is restarted` };
    }
    await kernel.kill({ tenant, name });
    return { ok: true, text: `${name} is stopped` };
  } catch (thrown) {
    const { message, hint } = SoloError.from(thrown);
    return { ok: false, text: hint === null ? message : `${message} (${hint})` };
  }
}

/** What an order is called while it goes on, and in the question before it. */
export function describe(order: Order): string {
  const { verb, name } = order;
  return verb === "scale" ? `scale ${name} to ${instances(order.replicas)}` : `${verb} ${name}`;
}

function instances(count: number): string {
  return count === 1 ? "1 instance" : `${count} instances`;
}

async function ended(progress: AsyncIterable<DeployProgress>): Promise<void> {
  for await (const _ of progress);
}
