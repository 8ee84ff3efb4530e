import { SoloError } from "../../api/index.ts";

/** Requests of one agent that are under way at a time. */
const maxUnderWay = 256;

/** What an agent is answered: the fields of a `step_response` beside its id. */
export type StepAnswer =
  | { readonly data: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

/** Has an agent's requests about durable steps carried out, as those of a host are. */
export class StepRequests {
  readonly #handle: (operation: string, input: unknown) => Promise<unknown>;
  #underWay = 0;

  constructor(handle: (operation: string, input: unknown) => Promise<unknown>) {
    this.#handle = handle;
  }

  async answer(operation: string, input: unknown): Promise<StepAnswer> {
    if (this.#underWay >= maxUnderWay) {
      return { error: { code: "limit_exceeded", message: `${maxUnderWay} requests are under way already` } };
    }
    this.#underWay += 1;
    try {
      return { data: await this.#handle(operation, input) };
    } catch (thrown) {
      const { code, message } = SoloError.from(thrown);
      return { error: { code, message } };
    } finally {
      this.#underWay -= 1;
    }
  }
}
