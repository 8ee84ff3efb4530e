/**
 * What a host and its kernel agree on, without the schemas: a host is started for every instance, and must not pay for
 * loading a validator it never uses.
 */

/** Environment variables that tell a host who it is. Everything else it gets comes from the service's `env`. */
export const hostVariables = {
  service: "SOLO_SERVICE",
  tenant: "SOLO_TENANT",
  instance: "SOLO_INSTANCE",
  revision: "SOLO_REVISION",
  /** Path of the kernel's control socket. */
  control: "SOLO_CONTROL",
  key: "SOLO_KEY",
  port: "PORT",
  /** `source` only: how long calls of the SDK wait for a kernel that is away, in milliseconds. */
  wait: "SOLO_STATE_WAIT_MS",
  /** Folder with a file for each of the service's secrets; absent when it has none. */
  secrets: "SOLO_SECRETS_DIR",
  /** File with the token by which the instance asks its kernel for something. */
  token: "SOLO_TOKEN_FILE",
  /** `wasm` only: the specification's `preopens` as JSON. */
  preopens: "SOLO_PREOPENS",
} as const;

/** Variables that every instance gets from its kernel, whatever the service's `env` says. */
export const ownVariables: ReadonlySet<string> = new Set(Object.values(hostVariables));

/**
 * How often Bun itself looks for garbage, in milliseconds. Its default, every second until nothing has changed for half a
 * minute, is two thirds of what a young idle host costs; JavaScriptCore's own collections, which follow allocation, remain.
 */
export const collectionTimer = { name: "BUN_GC_TIMER_INTERVAL", value: "10000" } as const;

/** Interval of `heartbeat` messages … */
export const heartbeatIntervalMs = 1_000;
/** … and where there are so many hosts that those every second would be most of what kernel and hosts do when idle. */
export const slowHeartbeatIntervalMs = 2_000;

/** Longest line that either side accepts. */
export const maxHostMessageBytes = 1_048_576;

/** A program whose text has the word `PORT` is expected to listen on `$PORT`; any other serves nothing. */
export const portMention = /\bPORT\b/;
