import type { AuditLine } from "../record.ts";

/** Where records are sent as well. */
export interface DeliveryTarget {
  /** Of its position's file, and in messages: `file`, `syslog` or `webhook`. */
  readonly name: string;
  /** Where to, for messages. Holds no secret. */
  readonly place: string;
  /** Hands over consecutive records, in order. Resolves when they were taken; a rejection means all of them again, later. */
  deliver(records: readonly AuditLine[], signal: AbortSignal): Promise<void>;
  close(): void;
}
