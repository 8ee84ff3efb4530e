import { join } from "node:path";
import type { AuditTrail } from "../trail.ts";
import { Delivery, type DeliveryOptions } from "./delivery.ts";
import { fileTarget } from "./file-target.ts";
import { DeliveryPosition } from "./position.ts";
import { syslogTarget } from "./syslog-target.ts";
import type { DeliveryTarget } from "./target.ts";
import { webhookTarget } from "./webhook-target.ts";

export type { DeliveryTarget } from "./target.ts";

/** Where records are sent as well; null: not there. */
export interface DeliverySettings {
  readonly file: string | null;
  readonly fileBytes: number;
  /** `unix:///PATH`, `udp://HOST:PORT` or `tcp://HOST:PORT`. */
  readonly syslog: string | null;
  readonly webhook: string | null;
  readonly webhookTokenFile: string | null;
}

/** On the way out, targets that take records get so long for the last ones. */
const lastWordsMs = 1_000;

/** The deliveries of a trail. */
export class Deliveries {
  readonly #all: readonly Delivery[];

  /** @param folder where positions are kept */
  constructor(
    settings: DeliverySettings,
    folder: string,
    options: Pick<DeliveryOptions, "random" | "onState"> & { readonly trail: AuditTrail },
  ) {
    this.#all = targetsOf(settings).map(
      (target) =>
        new Delivery({ ...options, target, position: new DeliveryPosition(join(folder, `${target.name}.position`)) }),
    );
  }

  /** Why a target takes nothing at present; null when all do. */
  get problem(): string | null {
    for (const { problem, target } of this.#all) {
      if (problem !== null) return `${target.name} ${target.place} takes no records: ${problem}`;
    }
    return null;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#all.map(async (delivery) => {
        await delivery.caughtUp(lastWordsMs);
        await delivery.close();
      }),
    );
  }
}

function targetsOf({ file, fileBytes, syslog, webhook, webhookTokenFile }: DeliverySettings): DeliveryTarget[] {
  return [
    ...(file === null ? [] : [fileTarget(file, fileBytes)]),
    ...(syslog === null ? [] : [syslogTarget(syslog)]),
    ...(webhook === null ? [] : [webhookTarget(webhook, webhookTokenFile)]),
  ];
}
