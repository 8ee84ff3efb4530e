import { nameForm, namePattern } from "../api/name-pattern.ts";
import { type AuditSettingValues, auditSettings } from "./audit-settings.ts";
import type { Folders } from "./paths.ts";
import { type TelemetrySettingValues, telemetrySettings } from "./telemetry-settings.ts";
import { type TlsSettingValues, tlsSettings } from "./tls-settings.ts";
import {
  duration,
  integer,
  ipAddress,
  oneOf,
  optionalPath,
  type Refusal,
  size,
  text,
  truth,
  type ValueType,
} from "./value-types.ts";

const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

const sandboxDefaults = ["on", "best-effort", "off"] as const;
export type SandboxDefault = (typeof sandboxDefaults)[number];

/** Every setting of a machine and the type of its value. Durations are in milliseconds, sizes in bytes. */
export interface SettingValues extends AuditSettingValues, TlsSettingValues, TelemetrySettingValues {
  "solo.ingress_port": number;
  /** Null: none. */
  "solo.http_port": number | null;
  /** Null: none. */
  "solo.listen_port": number | null;
  /** Null: none. */
  "solo.metrics_port": number | null;
  /** Null: none. */
  "solo.dns_port": number | null;
  "solo.bind": string;
  /** Absolute once loaded. */
  "solo.data_dir": string;
  "solo.log_level": LogLevel;
  "logs.service_bytes": number;
  "logs.total_bytes": number;
  "events.keep": number;
  /** Absolute once loaded. Null: no second copies. */
  "checkpoints.backup_dir": string | null;
  "checkpoints.keep_count": number;
  "checkpoints.keep_bytes": number;
  "limits.max_per_tenant": number;
  "limits.max_total": number;
  "limits.max_services": number;
  "security.rate_limit_per_capability": number;
  "security.require_mtls": boolean;
  /** Absolute once loaded. Null: beside the database. */
  "secrets.key_file": string | null;
  /** Absolute once loaded. Null: no passphrase is read. */
  "secrets.passphrase_file": string | null;
  "defaults.tenant": string;
  "defaults.timeout": number;
  "defaults.stop_grace": number;
  "defaults.sandbox": SandboxDefault;
  /** Null: this machine's own kernel. */
  "cli.context": string | null;
}
export type SettingKey = keyof SettingValues;

export interface Setting<T> {
  readonly about: string;
  readonly type: ValueType<T>;
  readonly builtIn: (folders: Folders) => T;
  /** The environment variable that sets it. */
  readonly variable?: string;
  /** The command-line flag that sets it, without dashes. */
  readonly flag?: FlagName;
  /** For a path: makes it absolute from where it is written, a file's folder or the working directory. */
  readonly completePath?: (value: T, absolute: (path: string) => string) => T;
}

/** Flags that set something here. `config` names the user configuration file. */
export type FlagName =
  | "config"
  | "data-dir"
  | "tenant"
  | "context"
  | "timeout"
  | "ingress-port"
  | "http-port"
  | "listen-port"
  | "metrics-port"
  | "dns-port"
  | "bind"
  | "log-level";

/** Flags as given on the command line. */
export type Flags = { readonly [Name in FlagName]?: string | undefined };

const day = 86_400_000;
const name = (what: string) => text(`${what} (${nameForm})`, namePattern);

/** Names this machine's kernel where a context is asked for, so that one in a file can be overruled. */
export const localContext = "local";

/** Stands for no folder where one is asked for. */
const noFolder = "none";

/** Stands for no port where one is asked for. */
export const noPort = "off";

export const settings: { readonly [Key in SettingKey]: Setting<SettingValues[Key]> } = {
  "solo.ingress_port": {
    about: "Port of the ingress: a service answers at http://NAME.localhost:PORT/",
    type: integer("a port", 1, 65_535),
    builtIn: () => 8_000,
    variable: "SOLO_INGRESS_PORT",
    flag: "ingress-port",
  },
  "solo.http_port": {
    about: `Port of the HTTP API; "${noPort}" for none`,
    type: optionalPort(),
    builtIn: () => 8_080,
    variable: "SOLO_HTTP_PORT",
    flag: "http-port",
  },
  "solo.listen_port": {
    about: `Port of the gRPC API; "${noPort}" for none`,
    type: optionalPort(),
    builtIn: () => 50_051,
    variable: "SOLO_LISTEN_PORT",
    flag: "listen-port",
  },
  "solo.metrics_port": {
    about: `Port of the metrics for Prometheus; "${noPort}" for none`,
    type: optionalPort(),
    builtIn: () => 9_090,
    variable: "SOLO_METRICS_PORT",
    flag: "metrics-port",
  },
  "solo.dns_port": {
    about: `Port of DNS for NAME.solo.internal, on loopback and open to all there; "${noPort}" for none`,
    type: optionalPort(),
    builtIn: () => null,
    variable: "SOLO_DNS_PORT",
    flag: "dns-port",
  },
  "solo.bind": {
    about: "Address that the ingress and the APIs listen on; the APIs only with TLS where others can reach it",
    type: ipAddress,
    builtIn: () => "127.0.0.1",
    variable: "SOLO_BIND",
    flag: "bind",
  },
  "solo.data_dir": {
    about: "Folder of everything Solo keeps",
    type: text("a folder"),
    builtIn: ({ defaultDataDir }) => defaultDataDir,
    variable: "SOLO_DATA_DIR",
    flag: "data-dir",
    completePath: (value, absolute) => absolute(value),
  },
  "solo.log_level": {
    about: "Least important message that the kernel writes to its own log",
    type: oneOf(logLevels),
    builtIn: () => "info",
    variable: "SOLO_LOG_LEVEL",
    flag: "log-level",
  },
  "logs.service_bytes": {
    about: "Log lines kept for each service; a service's own `logs` overrules it",
    type: size(1_000_000, 1e12),
    builtIn: () => 64_000_000,
    variable: "SOLO_LOGS_SERVICE_BYTES",
  },
  "logs.total_bytes": {
    about: "Log lines kept for all services together; the oldest are dropped first",
    type: size(1_000_000, 1e14),
    builtIn: () => 1_000_000_000,
    variable: "SOLO_LOGS_TOTAL_BYTES",
  },
  "events.keep": {
    about: "Number of events kept; the oldest are dropped first",
    type: integer("a number of events", 100, 10_000_000),
    builtIn: () => 100_000,
    variable: "SOLO_EVENTS_KEEP",
  },
  ...auditSettings,
  "checkpoints.backup_dir": {
    about: `Folder of a second copy of every checkpoint, on another disk; "${noFolder}" for none`,
    type: optionalPath("a folder", noFolder),
    builtIn: () => null,
    variable: "SOLO_CHECKPOINTS_BACKUP_DIR",
    completePath: (value, absolute) => (value === null ? null : absolute(value)),
  },
  "checkpoints.keep_count": {
    about: "Checkpoints kept of each service; the oldest are deleted first",
    type: integer("a number of checkpoints", 1, 100_000),
    builtIn: () => 300,
    variable: "SOLO_CHECKPOINTS_KEEP_COUNT",
  },
  "checkpoints.keep_bytes": {
    about: "Stored bytes of each service's checkpoints; the oldest are deleted first",
    type: size(1_000_000, 1e14),
    builtIn: () => 2_000_000_000,
    variable: "SOLO_CHECKPOINTS_KEEP_BYTES",
  },
  "limits.max_per_tenant": {
    about: "Operations and calls of one tenant that may be in flight at a time; further ones are refused",
    type: integer("a number of operations", 1, 1_000_000),
    builtIn: () => 100,
    variable: "SOLO_LIMITS_MAX_PER_TENANT",
  },
  "limits.max_total": {
    about: "Operations and calls of all tenants together that may be in flight at a time",
    type: integer("a number of operations", 1, 1_000_000),
    builtIn: () => 1_000,
    variable: "SOLO_LIMITS_MAX_TOTAL",
  },
  "limits.max_services": {
    about: "Services of all tenants together that may be wanted at a time; further ones are refused",
    type: integer("a number of services", 1, 1_000_000),
    builtIn: () => 10_000,
    variable: "SOLO_LIMITS_MAX_SERVICES",
  },
  "security.rate_limit_per_capability": {
    about: "Operations a second of one capability; further ones are refused",
    type: integer("a number of operations", 1, 1_000_000),
    builtIn: () => 1_000,
    variable: "SOLO_SECURITY_RATE_LIMIT_PER_CAPABILITY",
  },
  "security.require_mtls": {
    about: "Whether the APIs ask every client for a certificate, whose common name is its tenant",
    type: truth,
    builtIn: () => false,
    variable: "SOLO_SECURITY_REQUIRE_MTLS",
  },
  ...tlsSettings,
  ...telemetrySettings,
  "secrets.key_file": {
    about: `File of the key that seals secrets; "${noFolder}" for one in the data directory`,
    type: optionalPath("a file", noFolder),
    builtIn: () => null,
    variable: "SOLO_SECRETS_KEY_FILE",
    completePath: (value, absolute) => (value === null ? null : absolute(value)),
  },
  "secrets.passphrase_file": {
    about: `File of the passphrase that seals secrets instead of a key; "${noFolder}" for none`,
    type: optionalPath("a file", noFolder),
    builtIn: () => null,
    variable: "SOLO_SECRETS_PASSPHRASE_FILE",
    completePath: (value, absolute) => (value === null ? null : absolute(value)),
  },
  "defaults.tenant": {
    about: "Tenant of commands that name none",
    type: name("a tenant"),
    builtIn: () => "default",
    variable: "SOLO_TENANT",
    flag: "tenant",
  },
  "defaults.timeout": {
    about: "How long a command waits for what it started",
    type: duration(1, day),
    builtIn: () => 60_000,
    variable: "SOLO_TIMEOUT",
    flag: "timeout",
  },
  "defaults.stop_grace": {
    about: "From SIGTERM to SIGKILL; a service's own `stop_grace` overrules it",
    type: duration(0, day),
    builtIn: () => 30_000,
    variable: "SOLO_STOP_GRACE",
  },
  "defaults.sandbox": {
    about: "Whether a service that does not say is confined; best-effort: as far as this machine can",
    type: oneOf(sandboxDefaults),
    builtIn: () => "on",
    variable: "SOLO_SANDBOX",
  },
  "cli.context": {
    about: `Kernel that commands talk to: a name from [contexts], or "${localContext}" for this machine's own`,
    type: contextName(),
    builtIn: () => null,
    variable: "SOLO_CONTEXT",
    flag: "context",
  },
};

export function settingKeys(): readonly SettingKey[] {
  return Object.keys(settings).filter(isSettingKey);
}

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settings, key);
}

/** A setting's section and its key within it, as they stand in a file. */
export function splitKey(key: SettingKey): readonly [section: string, name: string] {
  const dot = key.indexOf(".");
  return [key.slice(0, dot), key.slice(dot + 1)];
}

function optionalPort(): ValueType<number | null> {
  const port = integer(`"${noPort}" or a port`, 1, 65_535);
  return {
    fromFile: (value) => (value === noPort ? null : port.fromFile(value)),
    fromText: (value) => (value === noPort ? null : port.fromText(value)),
    toFile: (value) => (value === null ? noPort : port.toFile(value)),
  };
}

/** `local` stands for no context. */
function contextName(): ValueType<string | null> {
  const named = name("a context");
  const orLocal = (value: string | Refusal) => (value === localContext ? null : value);
  return {
    fromFile: (value) => orLocal(named.fromFile(value)),
    fromText: (value) => orLocal(named.fromText(value)),
    toFile: (value) => value ?? localContext,
  };
}
