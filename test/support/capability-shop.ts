import { Database } from "bun:sqlite";
import { migrations } from "../../src/kernel/database/schema.ts";
import { Capabilities, type CapabilityTable, capabilityTable } from "../../src/security/capability/index.ts";
import { HandClock } from "./hand-clock.ts";

/** Capabilities over a real table in memory, under a clock of the test's own. */
export class CapabilityShop {
  readonly clock = new HandClock();
  readonly table: CapabilityTable;
  readonly expired: string[] = [];
  capabilities: Capabilities;

  constructor() {
    const database = new Database(":memory:", { strict: true });
    for (const step of migrations) database.run(step);
    this.table = capabilityTable(database);
    this.capabilities = this.#open();
  }

  /** The next kernel: without the orderly end of the one before, unless it is asked for. */
  reopen({ orderly = false } = {}): void {
    if (orderly) this.capabilities.close();
    this.capabilities = this.#open();
  }

  /** Whether a token opens anything. */
  isValid(token: string): boolean {
    try {
      this.capabilities.authenticate(token);
      return true;
    } catch {
      return false;
    }
  }

  #open(): Capabilities {
    const { table, clock } = this;
    return new Capabilities({ table, clock, onExpired: ({ id }) => this.expired.push(id) });
  }
}
