import type { HostMessage } from "../api/host-protocol.ts";
import type { Context, Service } from "./sdk/index.ts";

type Outcome = Pick<Extract<HostMessage, { type: "answer" }>, "output" | "error">;

/** Carries out one of a service's methods. What it throws is the caller's error, and the log learns its stack. */
export async function callMethod(service: Service, ctx: Context, name: string, input: unknown): Promise<Outcome> {
  const methods = service.methods ?? {};
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    const known = Object.keys(methods).join(", ");
    const message = `there is no method ${JSON.stringify(name)}${known === "" ? "" : `, only ${known}`}`;
    return { output: null, error: { code: "UNKNOWN_METHOD", message } };
  }
  try {
    const output = await method(input, ctx);
    // What JSON can't hold must fail here and not on the way.
    return { output: output === undefined ? null : JSON.parse(JSON.stringify(output)) };
  } catch (thrown) {
    console.error(thrown);
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { output: null, error: { code: codeOf(error), message: error.message.slice(0, longestMessage) } };
  }
}

/** Those of Solo's own errors have a code. */
function codeOf(error: Error): string {
  return error.name === "SoloError" && "code" in error ? String(error.code) : error.name;
}

const longestMessage = 8_192;
