import type { Server } from "bun";

/** How long the ledger takes to answer a charge. */
const chargeMs = 15;

/**
 * The world outside of a service that handles orders: it knows what was carried out there, and what the service was told is
 * kept, and notices at once when the two disagree.
 */
export class Ledger {
  /** Requests to charge, by run. */
  readonly charges = new Map<string, string[]>();
  /** Runs whose charge the service was told nobody knows the outcome of. */
  readonly unknown = new Set<string>();
  /** Results of runs that ended. */
  readonly ended = new Map<string, string>();
  readonly mistakes: string[] = [];
  readonly #kept = new Map<string, string>();
  readonly #server: Server<undefined>;
  carriedOut = 0;
  /** Charges that were taken and not answered yet. */
  underWay = 0;
  #silence: PromiseWithResolvers<void> | undefined;
  #interruption: { readonly at: string; readonly act: () => Promise<void> } | undefined;

  constructor() {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { pathname } = new URL(request.url);
        const fields = Object(await request.json());
        const answer = this.#take(pathname, fields);
        await this.#interrupted(`${pathname} ${fields.id}`);
        // Long enough for a kill to find effects under way.
        if (pathname === "/charge") await this.#charging();
        return Response.json(answer);
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** What a service needs to reach it. */
  get sandbox(): { connect: number[] } {
    return { connect: [this.#server.port ?? 0] };
  }

  /** Answers no charge until `act` is done. */
  async silently(act: () => Promise<void>): Promise<void> {
    this.#silence = Promise.withResolvers();
    try {
      await act();
    } finally {
      this.#silence.resolve();
      this.#silence = undefined;
    }
  }

  /**
   * Has `act` done at the next thing that is told, before the service goes on from there.
   * @param at its path, and how the step's id begins, such as `/kept ship`
   */
  interrupt(at: string, act: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#interruption = { at, act: () => act().then(resolve, reject) };
    });
  }

  async #interrupted(told: string): Promise<void> {
    const interruption = this.#interruption;
    if (interruption === undefined || !told.startsWith(interruption.at)) return;
    this.#interruption = undefined;
    await interruption.act();
  }

  async #charging(): Promise<void> {
    this.underWay++;
    await Bun.sleep(chargeMs);
    await this.#silence?.promise;
    this.underWay--;
  }

  async close(): Promise<void> {
    await this.#server.stop(true);
  }

  #take(path: string, fields: Readonly<Record<string, string>>): object {
    const { run = "", id = "", value = "", result = "", key = "" } = fields;
    const name = `${run}/${id}`;
    switch (path) {
      case "/carried-out":
        this.carriedOut++;
        if (this.#kept.has(name)) this.mistakes.push(`${name} was carried out again after its result was kept`);
        return {};
      case "/kept":
        this.#keep(name, value);
        return {};
      case "/charge": {
        const keys = this.charges.get(run) ?? [];
        this.charges.set(run, [...keys, key]);
        if (keys.length > 0) this.mistakes.push(`${run} was charged ${keys.length + 1} times`);
        return { receipt: `receipt of ${run}` };
      }
      case "/unknown":
        this.unknown.add(run);
        return {};
      case "/ended":
        this.ended.set(run, result);
        this.#keep(`${run}/`, result);
        return {};
      default:
        throw new Error(`no ${path} here`);
    }
  }

  #keep(name: string, value: string): void {
    const before = this.#kept.get(name);
    if (before !== undefined && before !== value) this.mistakes.push(`${name} was ${before}, and is now ${value}`);
    this.#kept.set(name, value);
  }
}
