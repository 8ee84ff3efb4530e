import { lazyCalls } from "./calls/lazy.ts";
import { lazyDiscovery } from "./discovery/lazy.ts";
import type { Identity } from "./identity.ts";
import type { Context, Log } from "./sdk/index.ts";
import { createSecrets } from "./secrets.ts";
import { lazyChannel, lazyState } from "./state/lazy.ts";
import { lazySteps } from "./steps/lazy.ts";

/** The `ctx` of one instance. */
export function createContext(identity: Identity, signal: AbortSignal): Context {
  const { service, tenant, instance, revision } = identity;
  const channel = lazyChannel(identity);
  const state = lazyState(channel, signal);
  const steps = lazySteps(channel, signal);
  const calls = lazyCalls(channel);
  const discovery = lazyDiscovery(channel, signal);
  const own = { service, tenant, instance, revision, env: process.env };
  return {
    log: createLog(),
    signal,
    ...own,
    state,
    secrets: createSecrets(process.env, signal),
    ...steps,
    ...calls,
    ...discovery,
  };
}

type Fields = Readonly<Record<string, unknown>>;

function createLog(): Log {
  return {
    debug: (message, fields) => console.log(formatLine("debug", message, fields)),
    info: (message, fields) => console.log(formatLine("info", message, fields)),
    warn: (message, fields) => console.error(formatLine("warn", message, fields)),
    error: (message, fields) => console.error(formatLine("error", message, fields)),
  };
}

/** One line of JSON. A field can't replace the level or the message, and one that JSON can't hold becomes text. */
function formatLine(level: string, msg: string, fields: Fields = {}): string {
  try {
    return JSON.stringify(Object.assign({ level, msg }, fields, { level, msg }), plain);
  } catch {
    return JSON.stringify({ level, msg, fields: Bun.inspect(fields) });
  }
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? String(value);
  return typeof value === "bigint" ? value.toString() : value;
}
