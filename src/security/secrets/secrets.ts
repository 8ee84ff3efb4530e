import { defaultTenant, type SecretRef, type ServiceRef, SoloError } from "../../api/index.ts";
import { Delivery } from "./delivery.ts";
import type { KeySources } from "./machine-key.ts";
import type { DeliveryPlaces } from "./memory-folder.ts";
import { Redaction } from "./redaction.ts";
import { SecretStore } from "./store.ts";

export interface SecretsOptions {
  /** secrets.db */
  readonly path: string;
  readonly sources: KeySources;
  readonly places: DeliveryPlaces;
}

/** What a process that is about to be started gets. */
export interface DeliveredSecrets {
  /** The folder with a file for each. */
  readonly folder: string;
  /** Those that its service asked for as variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** The secrets of a kernel's services: kept, delivered, and hidden from what is shown. */
export class Secrets {
  readonly store: SecretStore;
  readonly redaction = new Redaction();
  readonly places: DeliveryPlaces;
  readonly #delivery: Delivery;

  constructor({ path, sources, places }: SecretsOptions) {
    this.store = new SecretStore(path, sources);
    this.#delivery = new Delivery(places);
    this.places = places;
  }

  /** Opens the store, and learns what the instances have that outlived a former kernel. */
  async start(serviceOf: (instance: string) => ServiceRef | undefined): Promise<void> {
    for (const instance of this.#delivery.instances()) {
      const ref = serviceOf(instance);
      if (ref === undefined) continue;
      for (const { name, value } of this.#delivery.delivered(instance)) this.redaction.learn(ref, name, value);
    }
    await this.store.start();
  }

  /**
   * Refuses what could not be delivered.
   * @throws SoloError `not_found` naming what is missing, `storage_corrupt`, `unauthenticated` while they are locked
   */
  check({ tenant, name }: ServiceRef, wanted: readonly SecretRef[]): void {
    refuseMissing({ tenant, name }, wanted, (secret) => this.store.get(tenant, secret) !== undefined);
  }

  /** Puts a service's secrets where a new process finds them; undefined when it has none. */
  deliver(ref: ServiceRef, wanted: readonly SecretRef[], instance: string): DeliveredSecrets | undefined {
    if (wanted.length === 0) return undefined;
    this.check(ref, wanted);
    const env: Record<string, string> = {};
    const values = wanted.map(({ name, env: variable }) => {
      const value = this.store.get(ref.tenant, name)?.value ?? Buffer.alloc(0);
      this.redaction.learn(ref, name, value);
      if (variable !== undefined) env[variable] = asVariable(name, value);
      return { name, value };
    });
    try {
      return { folder: this.#delivery.deliver(instance, values), env };
    } catch (error) {
      throw SoloError.from(error);
    }
  }

  /** Gives a running instance the present value of a secret. False when it has it already. */
  renew(ref: ServiceRef, instance: string, name: string): boolean {
    const value = this.store.get(ref.tenant, name)?.value;
    if (value === undefined) return false;
    this.redaction.learn(ref, name, value);
    return this.#delivery.replace(instance, { name, value });
  }

  filesOf(instance: string): string {
    return this.#delivery.filesOf(instance);
  }

  withdraw(instance: string): void {
    this.#delivery.withdraw(instance);
  }

  sweep(known: ReadonlySet<string>): void {
    this.#delivery.sweep(known);
  }

  hold(instance: string, stream: string, bytes: Uint8Array): void {
    this.#delivery.hold(instance, stream, bytes);
  }

  held(instance: string, stream: string): Buffer {
    return this.#delivery.held(instance, stream);
  }

  close(): void {
    this.store.close();
  }
}

/** @throws SoloError `not_found` naming what is missing */
export function refuseMissing(
  { tenant, name }: ServiceRef,
  wanted: readonly SecretRef[],
  isThere: (secret: string) => boolean,
): void {
  const missing = wanted.map((secret) => secret.name).filter((secret) => !isThere(secret));
  const [first] = missing;
  if (first === undefined) return;
  const other = tenant === defaultTenant ? "" : ` --tenant ${tenant}`;
  throw new SoloError("not_found", `${name}: tenant ${tenant} has no secret ${missing.join(", ")}`, {
    hint: `\`solo secrets set ${first}${other}\` asks for its value; nothing was changed`,
    details: { missing },
  });
}

/** A variable ends at the first zero byte, and is text. A newline at its end is taken for the file's. */
function asVariable(name: string, value: Buffer): string {
  const text = value.toString("utf8");
  if (!value.includes(0) && Buffer.from(text).equals(value)) return text.replace(/\r?\n$/, "");
  throw new SoloError("start_failed", `secret ${name} is no text and can't be an environment variable`, {
    hint: "deliver it as a file only: the service reads it from the folder in SOLO_SECRETS_DIR",
  });
}
