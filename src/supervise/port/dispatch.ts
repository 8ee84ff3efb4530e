import type { z } from "zod";
import {
  type AgentMetrics,
  batchSchema,
  entrySchema,
  errorSchema,
  type Hypothesis,
  intentSchema,
  type LogEntry,
  metricsSchema,
  plainSchema,
  responseSchema,
  type StepRequest,
  stepRequestSchema,
} from "./messages.ts";

/** What becomes of each message of an agent whose handshake is done. */
export interface MessageHandlers {
  beat(): void;
  log(type: string, entries: readonly LogEntry[]): void;
  measured(metrics: AgentMetrics): void;
  answered(response: z.infer<typeof responseSchema>): void;
  step(request: StepRequest): void;
  evolve(hypothesis: Hypothesis): void;
  failed(error: z.infer<typeof errorSchema>["error"]): void;
}

/** Why a message was not accepted. */
export interface Invalid {
  readonly reason: "unknown_type" | "wrong_field";
  readonly message: string;
}

type Message = Readonly<Record<string, unknown>>;

/** Checks a message and hands it to what is responsible for it. */
export function dispatch(type: string, message: Message, handlers: MessageHandlers): Invalid | undefined {
  switch (type) {
    case "heartbeat":
      return accept(type, plainSchema, message, () => handlers.beat());
    case "wal_entry":
      return accept(type, entrySchema, message, ({ data }) => handlers.log(type, [data]));
    case "wal_batch":
      return accept(type, batchSchema, message, ({ data }) => handlers.log(type, data));
    case "metrics":
      return accept(type, metricsSchema, message, ({ data }) => handlers.measured(withoutGaps(data)));
    case "process_response":
      return accept(type, responseSchema, message, (response) => handlers.answered(response));
    case "step_request":
      return accept(type, stepRequestSchema, message, (request) => handlers.step(request));
    case "evolution_intent":
      return accept(type, intentSchema, message, ({ hypothesis }) => handlers.evolve(hypothesis));
    case "error":
      return accept(type, errorSchema, message, ({ error }) => handlers.failed(error));
    default:
      return { reason: "unknown_type", message: `there is no message of type ${JSON.stringify(type.slice(0, 100))}` };
  }
}

/** @returns what is wrong with the message; undefined when it was used */
export function accept<Value>(
  type: string,
  schema: z.ZodType<Value>,
  message: Message,
  use: (value: Value) => void,
): Invalid | undefined {
  const { data, error } = schema.safeParse(message);
  if (error === undefined) {
    use(data);
    return undefined;
  }
  const [issue] = error.issues;
  const place = issue?.path.join(".") ?? "";
  return { reason: "wrong_field", message: `${type}: ${place}: ${issue?.message ?? "invalid"}` };
}

function withoutGaps(metrics: z.infer<typeof metricsSchema>["data"]): AgentMetrics {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? null]));
}
