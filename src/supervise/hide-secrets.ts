import { type HostMessage, SoloError } from "../api/index.ts";

/** What a host tells in its service's words. What a method returns is its own affair. */
export function withoutSecrets(message: HostMessage, redact: (text: string) => string): HostMessage {
  if (message.type === "failed") {
    const [stack, frame] = [message.stack, message.frame].map((text) => (text === null ? null : redact(text)));
    return { ...message, message: redact(message.message), stack: stack ?? null, frame: frame ?? null };
  }
  if (message.type === "answer" && message.error !== undefined) {
    const { code, message: text, hint } = message.error;
    const error = { code, message: redact(text), ...(hint !== undefined && { hint: redact(hint) }) };
    return { ...message, error };
  }
  if (message.type !== "heartbeat" || message.health?.message === undefined) return message;
  return { ...message, health: { ...message.health, message: redact(message.health.message) } };
}

/** An agent's error, in its own words. */
export function errorWithoutSecrets(thrown: unknown, redact: (text: string) => string): unknown {
  if (!(thrown instanceof SoloError)) return thrown;
  const message = redact(thrown.message);
  if (message === thrown.message) return thrown;
  const { code, hint, applied, details } = thrown;
  return new SoloError(code, message, { applied, ...(hint !== null && { hint }), ...(details && { details }) });
}
