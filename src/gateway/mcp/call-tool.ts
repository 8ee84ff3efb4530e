import { deployProgressSchema, type OperationName, operations, type SoloApi, SoloError } from "../../api/index.ts";
import { checkInput } from "../shared/index.ts";
import { isDestructive } from "./annotations.ts";
import { type AskPerson, askBack, confirmationText } from "./confirm.ts";
import type { Confirmations } from "./confirmations.ts";
import { pageFields, pageLimits, readPage } from "./page.ts";
import { resultOf, type ToolResult } from "./results.ts";
import { answerForm } from "./schemas.ts";
import { toolName } from "./tools.ts";

export interface ToolCall {
  readonly name: OperationName;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Stands for a tenant that is left out. */
  readonly tenant: string;
  readonly api: SoloApi;
  readonly confirmations: Confirmations;
  readonly askPerson: AskPerson;
  /** Told what a long operation is at, in a sentence. */
  readonly onProgress: (message: string) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Calls an operation as a tool: asks back before something destructive, cuts a piece off a stream, and waits for the result
 * of what takes long.
 * @throws SoloError
 */
export async function callTool(call: ToolCall): Promise<ToolResult> {
  const { name } = call;
  const { confirmation, ...given } = call.arguments;
  const own = answerForm(name) === "page" ? Object.keys(pageFields) : [];
  const fields = Object.entries(given).filter(([field]) => !own.includes(field));
  const input = { ...checkInput(name, { ...tenantOf(call), ...encoded(name, Object.fromEntries(fields)) }) };
  if (isDestructive(name) && !("dry_run" in input && input.dry_run === true)) {
    if (confirmation === undefined) {
      const request = await askBack({ ...call, input });
      if (request !== undefined) return resultOf(confirmationText(request), request);
    } else call.confirmations.redeem(String(confirmation), name, input);
  } else if (confirmation !== undefined && !isDestructive(name)) {
    throw new SoloError("invalid_request", `confirmation: ${toolName(name)} takes none`);
  }
  return run(call, input, given);
}

async function run<Name extends OperationName>(
  call: ToolCall & { readonly name: Name },
  input: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Promise<ToolResult> {
  const { name, api, signal } = call;
  const open = (more: object, until: AbortSignal): Promise<unknown> | AsyncIterable<unknown> =>
    api[name](checkInput(name, { ...input, ...more }), until);
  if (answerForm(name) === "page") {
    const limits = pageLimits(given);
    const follow = input.follow === true;
    const begin = beginsAnywhere(name, input) ? { tail: limits.max_items } : {};
    const page = await readPage({ ...limits, follow, signal, open: (until) => streamOf(open(begin, until)) });
    return resultOf(`${toolName(name)}: ${page.items.length} items, stopped by ${page.stopped_by}`, page);
  }
  const answer = open({}, signal);
  if (answer instanceof Promise) return resultOf(`${toolName(name)}: done`, await answer);
  return resultOf(`${toolName(name)}: done`, await lastOf(answer, call));
}

/** Where a stream has a past, its latest part is meant by whoever doesn't say. */
function beginsAnywhere(name: OperationName, input: Readonly<Record<string, unknown>>): boolean {
  const hasPast = name === "logs" || name === "events" || name === "audit" || name === "auditAll";
  return hasPast && input.tail === undefined && input.since === undefined && input.since_cursor === undefined;
}

/** The result that a stream of progress ends with. */
async function lastOf(stream: AsyncIterable<unknown>, { name, onProgress }: ToolCall): Promise<unknown> {
  for await (const element of stream) {
    const progress = deployProgressSchema.parse(element);
    if (progress.type === "result") return progress;
    const { service, phase, message } = progress;
    await onProgress(`${service}: ${phase}${message === "" ? "" : `, ${message}`}`);
  }
  throw new SoloError("outcome_unknown", `${toolName(name)} ended without a result`, {
    applied: "unknown",
    hint: "`status` shows what became of it",
  });
}

/** The contract has an upload's bytes as base64; a tool may be given its text. */
function encoded(name: OperationName, { text, ...fields }: Readonly<Record<string, unknown>>) {
  if (text === undefined) return fields;
  if (name !== "upload" || typeof text !== "string" || fields.content !== undefined) return { text, ...fields };
  return { ...fields, content: Buffer.from(text).toString("base64") };
}

function tenantOf({ name, tenant, arguments: given }: ToolCall): { readonly tenant?: string } {
  return given.tenant === undefined && "tenant" in operations[name].input.shape ? { tenant } : {};
}

function streamOf(answer: Promise<unknown> | AsyncIterable<unknown>): AsyncIterable<unknown> {
  if (!(answer instanceof Promise)) return answer;
  throw new Error("an operation that answers a stream answered a document");
}
