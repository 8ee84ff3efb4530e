/** Something that provides what was looked for. */
export interface Discovered {
  /** Who: the name of a service of this kernel, or the id that something else registered under. */
  readonly service: string;
  /** The name that it was found by. */
  readonly name: string;
  readonly version: string;
  /** A service of this kernel: whether an instance is ready. Anything else: its time is not up. */
  readonly alive: boolean;
  readonly url: string | null;
  /** Ready instances that listen, on 127.0.0.1. */
  readonly instances: readonly { readonly id: string; readonly port: number }[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is registered. */
export interface RegisterOptions {
  /** Default `"1.0.0"`. */
  version?: string;
  /** What it can be filtered by. Others of the tenant see it. */
  metadata?: Readonly<Record<string, string>>;
  /** Where it answers. Default: where the ingress has the service. */
  url?: string;
  /** How long it stays when nothing renews it: milliseconds or text such as `"30s"`, which is the default. At least 1 s. */
  ttl?: number | string;
}

/** What an instance registered. */
export interface Registration {
  /** As `solo registry list` shows it. */
  readonly handle: string;
  /** Ends it, and its renewal. */
  unregister(): Promise<void>;
}

/** Finds services of the same tenant by what they provide. What a service always provides, `provides` in solo.toml says. */
export interface Discovery {
  /**
   * What provides a name, with exactly these fields in its metadata; those that are alive first.
   *
   * @example
   * const [cache] = await ctx.discover("cache", { region: "eu" });
   * if (cache?.alive) await ctx.call(cache.service, "get", { key: "a" });
   */
  discover(name: string, filters?: Readonly<Record<string, string>>): Promise<Discovered[]>;
  /**
   * Registers what this instance provides, beside what others of its service do. It is renewed while the instance lives, and ends
   * with it. The same name again replaces it.
   *
   * @example
   * await ctx.register("shard", { metadata: { range: "a-f" } });
   */
  register(name: string, options?: RegisterOptions): Promise<Registration>;
}
