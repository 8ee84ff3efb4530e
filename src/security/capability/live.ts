import type { CapabilityFacts, CapabilityRate } from "../../api/index.ts";
import type { Bounds } from "./narrow.ts";
import type { CapabilityRecord } from "./record.ts";

/** A capability in memory: its chain of ancestors is flattened when it is made, so that a check looks at one object. */
export class LiveCapability implements Bounds {
  readonly record: CapabilityRecord;
  readonly facts: CapabilityFacts;
  /** Undefined for none, as nearly all have. */
  children: Set<LiveCapability> | undefined;
  /** Itself and its ancestors, as far as they have a limit of operations. */
  readonly counted: readonly LiveCapability[];
  readonly parent: LiveCapability | undefined;
  /** 1 for one that came from no other. */
  readonly depth: number;
  /** The next one in the index whose hash begins alike. */
  nextOfKey: LiveCapability | undefined;
  /** Where the index has its hash. */
  hashPlace = -1;
  revoked: number | null;
  /** Operations so far; and those that are durably counted already. */
  used: number;
  reserved: number;
  /** Whether somebody was told that it has expired. */
  expiryNoted = false;

  constructor(record: CapabilityRecord, parent: LiveCapability | undefined) {
    this.record = record;
    this.parent = parent;
    this.depth = (parent?.depth ?? 0) + 1;
    this.revoked = record.revoked;
    this.used = this.reserved = record.used;
    this.counted = [...(record.calls === null ? [] : [this]), ...(parent?.counted ?? [])];
    this.facts = {
      id: record.id,
      tenant: record.tenant,
      resource: record.resource,
      permissions: record.permissions,
      holder: record.holder,
      expires_ms: record.expires,
      rates: ratesOf(record, parent),
    };
    if (parent !== undefined) parent.children = (parent.children ?? new Set()).add(this);
  }

  get id(): string {
    return this.record.id;
  }
  get tenant(): string {
    return this.record.tenant;
  }
  get resource(): string {
    return this.record.resource;
  }
  get permissions(): readonly string[] {
    return this.record.permissions;
  }
  get expires(): number | null {
    return this.record.expires;
  }
  /** The narrowest in its chain. */
  get rate(): number | null {
    const { rates } = this.facts;
    return rates.length === 0 ? null : Math.min(...rates.map(({ per_second }) => per_second));
  }
  /** The fewest that are left in its chain. */
  get calls(): number | null {
    if (this.counted.length === 0) return null;
    return Math.min(...this.counted.map(({ record, used }) => Math.max(0, (record.calls ?? 0) - used)));
  }

  /** Itself and all that came from it, parents first. */
  *subtree(): Generator<LiveCapability> {
    const waiting: LiveCapability[] = [this];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      yield next;
      waiting.push(...(next.children ?? []));
    }
  }

  /** Whether another one is the capability that this one came from, however far back. */
  comesFrom(id: string): boolean {
    let ancestor = this.parent;
    while (ancestor !== undefined && ancestor.id !== id) ancestor = ancestor.parent;
    return ancestor !== undefined;
  }

  hasExpired(now: number): boolean {
    return this.record.expires !== null && now >= this.record.expires;
  }
}

/** No objects for what nearly all lack. */
const noRates: readonly CapabilityRate[] = [];

function ratesOf({ id, rate }: CapabilityRecord, parent: LiveCapability | undefined): readonly CapabilityRate[] {
  const above = parent?.facts.rates ?? noRates;
  return rate === null ? above : [{ id, per_second: rate }, ...above];
}
