import { randomBytes } from "node:crypto";
import { SoloError } from "../api/index.ts";
import type { Clock } from "../system/index.ts";
import type { KeptRegistration, Registration, RegistrationTable, Wanted } from "./registration.ts";

/** Of one tenant. */
const mostRegistrations = 10_000;
const handleBytes = 16;

export interface RegistryOptions {
  readonly table: RegistrationTable;
  readonly clock: Clock;
}

interface Entry {
  readonly registration: Registration;
  /** Monotonic milliseconds; null: it does not expire. */
  readonly deadline: number | null;
}

/**
 * Who provides what, in each tenant. Whoever registers the same again replaces what it registered before. What has expired is
 * not there any more, at once; {@link sweep} removes it from the table too. Lifetimes are measured by the monotonic clock, so
 * that setting the machine's clock neither ends nor prolongs any.
 */
export class Registry {
  readonly #table: RegistrationTable;
  readonly #clock: Clock;
  /** Tenant → identity within it → entry. */
  readonly #tenants = new Map<string, Map<string, Entry>>();
  readonly #byHandle = new Map<string, Entry>();

  constructor({ table, clock }: RegistryOptions) {
    this.#table = table;
    this.#clock = clock;
    for (const kept of table.all()) this.#put(this.#loaded(kept));
  }

  /**
   * Registers something, or replaces what the same one registered under that name; that keeps its handle.
   * @throws SoloError `limit_exceeded` when the tenant has too many, and whatever the table reports
   */
  register(wanted: Wanted): Registration {
    const present = this.#live(this.#tenants.get(wanted.tenant)?.get(identityOf(wanted)));
    if (present === undefined) this.#refuseTooMany(wanted.tenant);
    const handle = present?.registration.handle ?? randomBytes(handleBytes).toString("hex");
    const registration: Registration = { ...wanted, handle, registered: this.#clock.now() };
    const entry = { registration, deadline: this.#deadlineOf(wanted.ttlMs) };
    this.#table.save({ ...registration, expires: this.#expires(entry) });
    this.#put(entry);
    return registration;
  }

  /** Gives a registration its whole lifetime again; undefined when there is none of that handle in the tenant. */
  renew(tenant: string, handle: string): Registration | undefined {
    const entry = this.#find(tenant, handle);
    if (entry === undefined) return undefined;
    const renewed = { ...entry, deadline: this.#deadlineOf(entry.registration.ttlMs) };
    const expires = this.#expires(renewed);
    if (expires !== null) this.#table.renew(handle, expires);
    this.#put(renewed);
    return renewed.registration;
  }

  /** Ends a registration; undefined when there is none of that handle in the tenant. */
  unregister(tenant: string, handle: string): Registration | undefined {
    const entry = this.#find(tenant, handle);
    if (entry === undefined) return undefined;
    this.#table.remove([handle]);
    this.#drop(entry);
    return entry.registration;
  }

  find(tenant: string, handle: string): Registration | undefined {
    return this.#find(tenant, handle)?.registration;
  }

  /** What is registered in a tenant, under a name or under any. */
  of(tenant: string, serviceName?: string): readonly Registration[] {
    const found: Registration[] = [];
    for (const entry of this.#tenants.get(tenant)?.values() ?? []) {
      const { registration } = entry;
      if (serviceName !== undefined && registration.serviceName !== serviceName) continue;
      if (this.#live(entry) !== undefined) found.push(registration);
    }
    return found;
  }

  /** When a registration expires by the machine's clock as it is now; null: never. */
  expiresOf({ handle }: Registration): number | null {
    const entry = this.#byHandle.get(handle);
    return entry === undefined ? null : this.#expires(entry);
  }

  /** Removes what has expired, and what `isOver` says; returns it. */
  sweep(isOver: (registration: Registration) => boolean = () => false): readonly Registration[] {
    const entries = [...this.#byHandle.values()];
    const over = entries.filter((entry) => this.#live(entry) === undefined || isOver(entry.registration));
    if (over.length > 0) this.#table.remove(over.map(({ registration }) => registration.handle));
    for (const entry of over) this.#drop(entry);
    return over.map(({ registration }) => registration);
  }

  #find(tenant: string, handle: string): Entry | undefined {
    const entry = this.#live(this.#byHandle.get(handle));
    return entry?.registration.tenant === tenant ? entry : undefined;
  }

  #put(entry: Entry): void {
    const { registration } = entry;
    const entries = this.#tenants.get(registration.tenant) ?? new Map<string, Entry>();
    const identity = identityOf(registration);
    const former = entries.get(identity);
    if (former !== undefined) this.#byHandle.delete(former.registration.handle);
    this.#tenants.set(registration.tenant, entries.set(identity, entry));
    this.#byHandle.set(registration.handle, entry);
  }

  #drop({ registration }: Entry): void {
    this.#byHandle.delete(registration.handle);
    const entries = this.#tenants.get(registration.tenant);
    entries?.delete(identityOf(registration));
    if (entries?.size === 0) this.#tenants.delete(registration.tenant);
  }

  /** While no kernel ran, time was the machine's clock. No lifetime is longer than the whole one, whatever that says. */
  #loaded({ expires, ...registration }: KeptRegistration): Entry {
    if (expires === null) return { registration, deadline: null };
    const left = Math.min(expires - this.#clock.now(), registration.ttlMs);
    return { registration, deadline: this.#clock.monotonic() + left };
  }

  #live(entry: Entry | undefined): Entry | undefined {
    if (entry === undefined || entry.deadline === null) return entry;
    return this.#clock.monotonic() < entry.deadline ? entry : undefined;
  }

  #deadlineOf(ttlMs: number): number | null {
    return ttlMs === 0 ? null : this.#clock.monotonic() + ttlMs;
  }

  #expires({ deadline }: Entry): number | null {
    return deadline === null ? null : Math.round(this.#clock.now() + deadline - this.#clock.monotonic());
  }

  #refuseTooMany(tenant: string): void {
    const entries = this.#tenants.get(tenant);
    if (entries === undefined || entries.size < mostRegistrations) return;
    this.sweep();
    if (entries.size < mostRegistrations) return;
    throw new SoloError(
      "limit_exceeded",
      `tenant ${tenant} has ${mostRegistrations} registrations, which is the most`,
      {
        hint: "unregister some, or register with a ttl",
      },
    );
  }
}

function identityOf({ serviceName, serviceId, instance }: Wanted): string {
  return `${serviceName}/${serviceId}/${instance ?? ""}`;
}
