import { type ServiceRef, SoloError } from "../../api/index.ts";
import { InputReader, type PlainHandler } from "../../state/index.ts";
import type { AgentsPort } from "../../supervise/index.ts";
import { plainJson } from "../operations/plain-json.ts";
import type { StepsOfServices } from "../service-steps.ts";
import { type AgentRegistry, isRegistryOperation } from "./registry-channel.ts";
import type { CallRequest, ServiceCalls } from "./service-calls.ts";

interface Asker {
  readonly ref: ServiceRef;
  readonly instance: string;
}

/** `ctx.call` and `ctx.send` of the hosts, over the state channel. */
export function callHandlers(calls: () => ServiceCalls): Readonly<Record<string, PlainHandler>> {
  const underWay = new Map<string, AbortController>();
  return {
    /** `[service, method, input as JSON, timeout in ms, call in the course of which, number]` → what the method returned. */
    call: async ({ ref, instance, client, gone }, input) => {
      const read = new InputReader("call", input);
      const request = readRequest(read, { ref, instance });
      const key = `${client}/${read.optionalCount() ?? 0}`;
      const controller = new AbortController();
      const abort = () => controller.abort();
      gone.addEventListener("abort", abort);
      underWay.set(key, controller);
      try {
        return (await calls().call({ ...request, signal: controller.signal })).output;
      } finally {
        underWay.delete(key);
        gone.removeEventListener("abort", abort);
      }
    },

    /** The same, without a number → nil, once it is in the mailbox. */
    send: ({ ref, instance }, input) => {
      calls().send(readRequest(new InputReader("send", input), { ref, instance }));
      return null;
    },

    /** `[number]` → nil. */
    "call.cancel": ({ client }, input) => {
      const number = new InputReader("call.cancel", input).optionalCount() ?? 0;
      underWay.get(`${client}/${number}`)?.abort();
      return null;
    },
  };
}

/** Carries out what port agents ask for: calls, the registry, and durable steps. */
export function requestsOfAgents(
  calls: ServiceCalls,
  registry: AgentRegistry,
  steps: () => StepsOfServices,
): AgentsPort["step"] {
  return async (ref, process, operation, input) => {
    const asker = { ref, instance: process.instance };
    if (operation === "call" || operation === "send") return callOfAgent(calls, asker, operation, input);
    if (isRegistryOperation(operation)) return registry(asker, operation, input);
    return steps().forAgent(ref, process, operation, input);
  };
}

/** Answers a port agent, whose input is a map with the fields `service`, `method`, `input`, `timeout_ms` and `parent`. */
async function callOfAgent(calls: ServiceCalls, asker: Asker, operation: string, input: unknown): Promise<unknown> {
  const fields = new Map(Object.entries(typeof input === "object" && input !== null ? input : {}));
  const list = ["service", "method", "timeout_ms", "parent"].map((name) => fields.get(name));
  const read = new InputReader(operation, list);
  const target = { tenant: asker.ref.tenant, name: read.text() };
  const request = { target, method: read.text(), input: plainJson(fields.get("input") ?? null) };
  const timeoutMs = boundedTimeout(read.optionalCount() ?? defaultTimeoutMs);
  const from = { kind: "service", ...asker, parent: read.optionalText() ?? null } as const;
  if (operation === "call") return (await calls.call({ ...request, from, timeoutMs })).output;
  calls.send({ ...request, from, timeoutMs });
  return null;
}

function readRequest(read: InputReader, { ref, instance }: Asker): CallRequest {
  const target = { tenant: ref.tenant, name: read.text() };
  const method = read.text();
  const input = parse(read.text());
  const timeoutMs = boundedTimeout(read.optionalCount() ?? defaultTimeoutMs);
  return {
    from: { kind: "service", ref, instance, parent: read.optionalText() ?? null },
    target,
    method,
    input,
    timeoutMs,
  };
}

/** A host is not trusted: the code of the service runs in it. */
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SoloError("invalid_request", "the input of a call is no JSON", { cause });
  }
}

function boundedTimeout(ms: number): number {
  return Math.min(Math.max(ms, 1), longestMs);
}

const defaultTimeoutMs = 5_000;
const longestMs = 86_400_000;
