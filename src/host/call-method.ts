import type { HostCall, HostMessage } from "../api/host-protocol.ts";
import { duringCall } from "./calls/under-way.ts";
import type { Context, Service } from "./sdk/index.ts";

type Outcome = Pick<Extract<HostMessage, { type: "answer" }>, "output" | "error">;

/** Carries out one of a service's methods. What it throws is the caller's error, and the log learns its stack. */
export async function callMethod(
  service: Service,
  ctx: Context,
  { id, method: name, input }: Pick<HostCall, "id" | "method" | "input">,
): Promise<Outcome> {
  const methods = service.methods ?? {};
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    const known = Object.keys(methods).join(", ");
    const message = `there is no method ${JSON.stringify(name)}${known === "" ? "" : `, only ${known}`}`;
    return { output: null, error: { code: "UNKNOWN_METHOD", message } };
  }
  try {
    const output = await duringCall(id, () => method(input, ctx));
    // What JSON can't hold must fail here and not on the way.
    return { output: output === undefined ? null : JSON.parse(JSON.stringify(output)) };
  } catch (thrown) {
    console.error(thrown);
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const message = error.message.slice(0, longestMessage);
    return { output: null, error: { code: codeOf(error), message, ...hintOf(error) } };
  }
}

/** Those of Solo's own errors have a code, and so have those that a service throws for its callers' mistakes. */
function codeOf(error: Error): string {
  if (!("code" in error)) return error.name;
  const code = String(error.code);
  return error.name === "SoloError" || callersMistakes.includes(code) ? code : error.name;
}

/** Of Solo's own errors, for whoever sees them at the end. */
function hintOf(error: Error): { readonly hint?: string } {
  if (error.name !== "SoloError" || !("hint" in error) || typeof error.hint !== "string") return {};
  return { hint: error.hint.slice(0, longestMessage) };
}

const callersMistakes: readonly string[] = ["invalid_request", "not_found", "conflict", "limit_exceeded"];

const longestMessage = 8_192;
