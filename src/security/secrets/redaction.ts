import { type ServiceRef, serviceKey } from "../../api/index.ts";
import { Redactor } from "./redactor.ts";

/** So many values of one service are remembered: its present ones, and former ones that a process may still have. */
const mostValues = 256;

/** For who has no secrets. */
const tokensOnly = new Redactor([]);

interface Known {
  readonly tenant: string;
  /** By name and value. The one that was learnt last is at the end. */
  readonly values: Map<string, readonly [name: string, value: Uint8Array]>;
  redactor: Redactor | undefined;
}

/** Which values must not be shown of which service: all that were ever delivered to it while this kernel runs, and tokens. */
export class Redaction {
  readonly #services = new Map<string, Known>();
  readonly #tenants = new Map<string, Redactor>();

  /** A service gets, or has, a value. */
  learn(ref: ServiceRef, name: string, value: Uint8Array): void {
    const key = serviceKey(ref);
    const known = this.#services.get(key) ?? { tenant: ref.tenant, values: new Map(), redactor: undefined };
    const id = `${name} ${Buffer.from(value).toString("base64")}`;
    const isNew = !known.values.delete(id);
    known.values.set(id, [name, value]);
    this.#services.set(key, known);
    if (!isNew) return;
    const [oldest] = known.values.keys();
    if (known.values.size > mostValues && oldest !== undefined) known.values.delete(oldest);
    known.redactor = undefined;
    this.#tenants.delete(ref.tenant);
  }

  /** For what a service writes. */
  of(ref: ServiceRef): Redactor {
    const known = this.#services.size === 0 ? undefined : this.#services.get(serviceKey(ref));
    if (known === undefined) return tokensOnly;
    known.redactor ??= new Redactor(known.values.values());
    return known.redactor;
  }

  /** For what is told of a tenant's services. */
  ofTenant(tenant: string): Redactor {
    const made = this.#tenants.get(tenant);
    if (made !== undefined) return made;
    const values = [...this.#services.values()].filter((known) => known.tenant === tenant);
    if (values.length === 0) return tokensOnly;
    const redactor = new Redactor(values.flatMap((known) => [...known.values.values()]));
    this.#tenants.set(tenant, redactor);
    return redactor;
  }

  /** A text about a service, without its secrets and without tokens. */
  text(ref: ServiceRef, text: string): string {
    return this.of(ref).text(text);
  }

  /** Data about a tenant's services, without their secrets and without tokens. */
  data(tenant: string, data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return fields(data, this.ofTenant(tenant));
  }
}

function fields(data: object, redactor: Redactor): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, redacted(value, redactor)]));
}

function redacted(value: unknown, redactor: Redactor): unknown {
  if (typeof value === "string") return redactor.text(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redactor));
  return typeof value === "object" && value !== null ? fields(value, redactor) : value;
}
