import { Refusal, size, text, type ValueType } from "./value-types.ts";

/** Stands for nothing where a place for copies of the audit trail is asked for. */
const none = "none";

/** Settings of the audit trail and of where its records are sent as well. */
export interface AuditSettingValues {
  "audit.bytes": number;
  /** Absolute once loaded. */
  "audit.file": string | null;
  "audit.file_bytes": number;
  /** `unix:///PATH`, `udp://HOST:PORT` or `tcp://HOST:PORT`. */
  "audit.syslog": string | null;
  "audit.webhook": string | null;
  /** Absolute once loaded. */
  "audit.webhook_token_file": string | null;
}

const completePath = (value: string | null, absolute: (path: string) => string) =>
  value === null ? null : absolute(value);

export const auditSettings = {
  "audit.bytes": {
    about: "Bytes that the audit trail may take; the oldest records are dropped first",
    type: size(1_000_000, 1e12),
    builtIn: () => 64_000_000,
    variable: "SOLO_AUDIT_BYTES",
  },
  "audit.file": {
    about: `File that gets every audit record as well, as JSON lines; "${none}" for none`,
    type: orNone(text("a file")),
    builtIn: () => null,
    variable: "SOLO_AUDIT_FILE",
    completePath,
  },
  "audit.file_bytes": {
    about: "Size at which that file is moved to FILE.1, in the place of the one before",
    type: size(100_000, 1e12),
    builtIn: () => 64_000_000,
    variable: "SOLO_AUDIT_FILE_BYTES",
  },
  "audit.syslog": {
    about: `Syslog server that gets every audit record (RFC 5424); "${none}" for none`,
    type: orNone(syslogUrl()),
    builtIn: () => null,
    variable: "SOLO_AUDIT_SYSLOG",
  },
  "audit.webhook": {
    about: `Address that every audit record is posted to, in order; "${none}" for none`,
    type: orNone(webhookUrl()),
    builtIn: () => null,
    variable: "SOLO_AUDIT_WEBHOOK",
  },
  "audit.webhook_token_file": {
    about: `File with the token that is sent to the webhook as Authorization: Bearer; "${none}" for none`,
    type: orNone(text("a file")),
    builtIn: () => null,
    variable: "SOLO_AUDIT_WEBHOOK_TOKEN_FILE",
    completePath,
  },
} as const;

function orNone(type: ValueType<string>): ValueType<string | null> {
  const check = (value: string | Refusal) => (value === none ? null : value);
  return {
    fromFile: (value) => (value === none ? null : check(type.fromFile(value))),
    fromText: (value) => (value === none ? null : check(type.fromText(value))),
    toFile: (value) => value ?? none,
  };
}

function syslogUrl(): ValueType<string> {
  const refusal = new Refusal('"unix:///dev/log", "udp://HOST:PORT" or "tcp://HOST:PORT"');
  return urlOf(refusal, ({ protocol, hostname, port, pathname, username }) => {
    if (protocol === "unix:") return hostname === "" && pathname.length > 1;
    return (protocol === "udp:" || protocol === "tcp:") && hostname !== "" && port !== "" && username === "";
  });
}

function webhookUrl(): ValueType<string> {
  const refusal = new Refusal("an address such as https://audit.example.com/records");
  return urlOf(refusal, ({ protocol, username }) => /^https?:$/.test(protocol) && username === "");
}

function urlOf(refusal: Refusal, fits: (url: URL) => boolean): ValueType<string> {
  const check = (value: unknown) =>
    typeof value === "string" && URL.canParse(value) && fits(new URL(value)) ? value : refusal;
  return { fromFile: check, fromText: check, toFile: (value) => value };
}
