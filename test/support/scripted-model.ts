import type { Server } from "bun";

/** One answer of the model: words, or a call of a tool. */
export type Answer = { readonly say: string } | { readonly tool: string; readonly input: object };

/** A server that speaks OpenAI's protocol and answers from a script, with an outbox that a tool can send messages to. */
export class ScriptedModel {
  /** What the outbox got: idempotency keys and texts. */
  readonly outbox: { readonly key: string | null; readonly text: string }[] = [];
  /** Every conversation that the model was asked to go on with. */
  readonly asked: { readonly role: string; readonly content: string | null }[][] = [];
  /** Set, the outbox takes messages and does not answer. */
  isSilent = false;
  readonly #script: readonly Answer[];
  readonly #server: Server<undefined>;

  constructor(script: readonly Answer[]) {
    this.#script = script;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: (request) => this.#answer(request),
    });
  }

  get env(): Record<string, string> {
    const base = `http://127.0.0.1:${this.#server.port}`;
    return { OPENAI_BASE_URL: `${base}/v1`, OPENAI_MODEL: "script", OUTBOX_URL: `${base}/outbox` };
  }

  /** What a service needs to reach it. */
  get sandbox(): { connect: number[] } {
    return { connect: [this.#server.port ?? 0] };
  }

  async close(): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    const body = Object(await request.json());
    if (new URL(request.url).pathname === "/outbox") {
      this.outbox.push({ key: request.headers.get("idempotency-key"), text: String(body.text) });
      if (this.isSilent) await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      return Response.json({});
    }
    this.asked.push(body.messages);
    const turn = this.asked.at(-1)?.filter(({ role }) => role === "assistant").length ?? 0;
    const answer = this.#script[turn];
    if (answer === undefined) return Response.json({ error: "the script is at its end" }, { status: 500 });
    return Response.json({ choices: [{ message: message(answer, turn) }], usage: { total_tokens: 100 } });
  }
}

function message(answer: Answer, turn: number): object {
  if ("say" in answer) return { role: "assistant", content: answer.say };
  const call = { name: answer.tool, arguments: JSON.stringify(answer.input) };
  return { role: "assistant", content: null, tool_calls: [{ id: `call_${turn}`, type: "function", function: call }] };
}
