import { SoloError } from "../../api/error.ts";
import type { CheckedState, KeyRange, StandardSchema, State, StateEntry, WriteOptions } from "../sdk/service.ts";

/** A state whose values pass a schema on their way in and out. */
export class CheckedView<Value> implements CheckedState<Value> {
  readonly #state: State;
  readonly #schema: StandardSchema<Value>;

  constructor(state: State, schema: StandardSchema<Value>) {
    this.#state = state;
    this.#schema = schema;
  }

  async get(key: string): Promise<Value | undefined> {
    return (await this.entry(key))?.value;
  }

  async entry(key: string): Promise<StateEntry<Value> | undefined> {
    const found = await this.#state.entry<unknown>(key);
    return found && { ...found, value: await this.#check(key, found.value) };
  }

  async set(key: string, value: Value, options?: WriteOptions & { ifVersion?: number }): Promise<number> {
    return this.#state.set(key, await this.#check(key, value), options);
  }

  async update(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: WriteOptions,
  ): Promise<Value | undefined> {
    let changed: Value | undefined;
    await this.#state.update<unknown>(
      key,
      async (found) => {
        changed = await change(found === undefined ? undefined : await this.#check(key, found));
        if (changed !== undefined) changed = await this.#check(key, changed);
        return changed;
      },
      options,
    );
    return changed;
  }

  async *scan(range?: KeyRange): AsyncGenerator<StateEntry<Value>> {
    for await (const entry of this.#state.scan<unknown>(range)) {
      yield { ...entry, value: await this.#check(entry.key, entry.value) };
    }
  }

  async #check(key: string, value: unknown): Promise<Value> {
    const result = await this.#schema["~standard"].validate(value);
    if (result.issues === undefined) return result.value;
    const problems = result.issues.map(({ message }) => message).join("; ");
    throw new SoloError("invalid_request", `the value of ${JSON.stringify(key)} doesn't fit its schema: ${problems}`);
  }
}
