import { type Context, defineService, type Run } from "solo";

/**
 * An agent that works on tasks with a language model and tools, and can be killed at any moment: it goes on with the
 * conversation it had, asks the model nothing twice that it has an answer to, and never repeats what a tool may have done.
 *
 *   curl http://agent.localhost:8000/ -d '{"id": "t1", "task": "Tell Ada that the build is green."}'
 */

/** Turns of one task, so that a model that never comes to an end does. */
const maxTurns = 12;

/** Set aside for one answer of the model; what it really took is in its answer. */
const tokensPerAnswer = 4_000;

interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

interface Message {
  role: "system" | "user" | "assistant" | "tool";
  content: string | null;
  tool_calls?: ToolCall[];
  tool_call_id?: string;
}

interface Task {
  id: string;
  task: string;
}

export default defineService({
  /** Goes on with what was interrupted. */
  async start(ctx) {
    for (const { id } of await ctx.unfinishedRuns()) begin(ctx, id, undefined);
  },
  async fetch(request, ctx) {
    if (request.method !== "POST") return Response.json({ error: "POST a task: {id, task}" }, { status: 405 });
    const { id, task }: Task = await request.json();
    return Response.json({ answer: await work(ctx, id, task) });
  },
  methods: {
    solve: async ({ id, task }: Task, ctx) => ({ answer: await work(ctx, id, task) }),
  },
});

function begin(ctx: Context, id: string, task: string | undefined): void {
  work(ctx, id, task).then(
    (answer) => ctx.log.info("answered", { id, answer }),
    (error: unknown) => ctx.log.error("interrupted", { id, error }),
  );
}

/** The answer to a task, from the first call or from where an earlier process was. */
function work(ctx: Context, id: string, given: string | undefined): Promise<string> {
  return ctx.run(id, async (run) => {
    const task = await run.step("task", () => {
      if (given === undefined) throw new Error(`nobody gave task ${id}`);
      return given;
    });
    const messages: Message[] = [
      { role: "system", content: "Solve the task with your tools. Answer in one sentence when it is done." },
      { role: "user", content: task },
    ];
    for (let turn = 1; turn <= maxTurns; turn++) {
      const reply = await ask(ctx, run, turn, messages);
      messages.push(reply);
      if (!reply.tool_calls?.length) return reply.content ?? "";
      for (const call of reply.tool_calls) {
        messages.push({ role: "tool", tool_call_id: call.id, content: await use(ctx, run, turn, call) });
      }
    }
    return `no answer after ${maxTurns} turns`;
  });
}

/** The model's next message. To ask again does no harm, so a crash in between costs tokens and nothing else. */
function ask(ctx: Context, run: Run, turn: number, messages: readonly Message[]): Promise<Message> {
  return run.effect(
    `answer-${turn}`,
    async (_key, dispatch) => {
      const response = await fetch(`${ctx.env.OPENAI_BASE_URL}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${ctx.env.OPENAI_API_KEY ?? ""}`, "content-type": "application/json" },
        body: JSON.stringify({ model: ctx.env.OPENAI_MODEL, messages, tools: Object.values(tools).map(describe) }),
        signal: ctx.signal,
      });
      if (!response.ok) dispatch.notDone(`the model answered ${response.status}: ${await response.text()}`);
      const { choices, usage }: { choices: { message: Message }[]; usage?: { total_tokens?: number } } =
        await response.json();
      if (usage?.total_tokens !== undefined) dispatch.spent({ tokens: usage.total_tokens });
      const [choice] = choices;
      if (choice === undefined) throw new Error("the model answered nothing");
      return choice.message;
    },
    { cost: { tokens: tokensPerAnswer }, repeatable: true },
  );
}

/** What a tool said. What it does is done once at most: when nobody knows whether it was, the model is told so. */
async function use(ctx: Context, run: Run, turn: number, call: ToolCall): Promise<string> {
  const id = `${call.function.name}-${turn}-${call.id}`;
  const tool = tools[call.function.name];
  if (tool === undefined) return `there is no tool ${call.function.name}`;
  const said = async () => {
    try {
      return await run.effect(id, (key) => tool.run(ctx, key, JSON.parse(call.function.arguments)));
    } catch (error) {
      if (codeOf(error) !== "outcome_unknown") throw error;
      ctx.log.warn("nobody knows whether it happened", { effect: id, run: run.id });
      return "Nobody knows whether this happened. Do not try again; say so in your answer.";
    }
  };
  // What the model was told stays so, even if somebody finds out later what really happened.
  return run.step(`told-${id}`, said);
}

interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: object;
  run(ctx: Context, key: string, input: Record<string, string>): Promise<string>;
}

const tools: Readonly<Record<string, Tool>> = {
  send_message: {
    name: "send_message",
    description: "Send a message to a person",
    parameters: {
      type: "object",
      properties: { to: { type: "string" }, text: { type: "string" } },
      required: ["to", "text"],
    },
    async run(ctx, key, { to, text }) {
      const response = await fetch(`${ctx.env.OUTBOX_URL}`, {
        method: "POST",
        headers: { "idempotency-key": key, "content-type": "application/json" },
        body: JSON.stringify({ to, text }),
      });
      if (!response.ok) throw new Error(`the outbox answered ${response.status}`);
      return `sent to ${to}`;
    },
  },
};

function describe({ name, description, parameters }: Tool) {
  return { type: "function", function: { name, description, parameters } };
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
