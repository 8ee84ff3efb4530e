/** Something that answers under a name, as it was registered. */
export interface Registration extends Wanted {
  /** 16 random bytes, as hexadecimal digits. Names the registration, and opens nothing. */
  readonly handle: string;
  /** Wall milliseconds. */
  readonly registered: number;
}

/** What somebody registers. */
export interface Wanted {
  readonly tenant: string;
  readonly serviceId: string;
  readonly serviceName: string;
  /** The instance that registered it for itself; null for everyone else. */
  readonly instance: string | null;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly url: string | null;
  /** How long it stays without being renewed, in milliseconds; 0: for good. */
  readonly ttlMs: number;
}

/** A registration as it is kept. */
export interface KeptRegistration extends Registration {
  /** Wall milliseconds; null: never. */
  readonly expires: number | null;
}

/** Where registrations are kept. Every write is durable when it returns, or has thrown. */
export interface RegistrationTable {
  all(): readonly KeptRegistration[];
  /** Replaces the one of the same handle. */
  save(registration: KeptRegistration): void;
  /** May be lost with the machine's power: whoever renews finds out, and registers again. */
  renew(handle: string, expires: number): void;
  remove(handles: readonly string[]): void;
}

/** Whether all filters are in the metadata, exactly so. */
export function matches(
  metadata: Readonly<Record<string, string>>,
  filters: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(filters).every(([key, value]) => Object.hasOwn(metadata, key) && metadata[key] === value);
}
