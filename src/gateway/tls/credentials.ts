import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Check, SoloError } from "../../api/index.ts";
import { Revocations, stampOf } from "./revocations.ts";

/** Where a kernel's certificates are, and whether its clients must have one. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  /** The authority of client certificates. Null: none is asked for. */
  readonly ca: string | null;
  readonly requireClient: boolean;
  /** The list of client certificates that count no more; there may be none. */
  readonly revoked: string;
}

/** What a TLS server is given. All as PEM. */
export interface TlsContext {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
}

export interface TlsCredentials {
  readonly requireClient: boolean;
  /** Client certificates that count no more. */
  readonly revocations: Revocations;
  /** The newest that is whole. Throws `invalid_config` when there never was one. */
  current(): TlsContext;
  /** Calls back with every newer one. */
  onChange(callback: (context: TlsContext) => void): void;
  check(): Check;
  close(): Promise<void>;
}

export interface TlsCredentialsOptions {
  readonly settings: TlsSettings;
  readonly say: (level: "info" | "warn", message: string) => void;
  /** Between looks at the files. */
  readonly pollMs?: number;
}

/** Reads certificates, and again when their files change. Files that don't fit each other change nothing; that is told. */
export function openCredentials({ settings, say, pollMs = lookMs }: TlsCredentialsOptions): TlsCredentials {
  const listeners: ((context: TlsContext) => void)[] = [];
  let seen = "";
  let context: TlsContext | undefined;
  let problem: SoloError | undefined;
  const revocations = new Revocations(settings.revoked, say);
  const look = () => {
    revocations.look();
    const found = fingerprintOf(settings);
    if (found === seen) return;
    seen = found;
    try {
      const next = readContext(settings);
      const isNewer = context !== undefined || problem !== undefined;
      context = next;
      problem = undefined;
      if (isNewer) say("info", `TLS: certificates were read anew from ${settings.cert}`);
      for (const listener of listeners) listener(next);
    } catch (thrown) {
      problem = SoloError.from(thrown);
      say("warn", `TLS: ${problem.message}`);
    }
  };
  look();
  const timer = setInterval(look, pollMs);
  timer.unref();
  return {
    requireClient: settings.requireClient,
    revocations,
    current: () => {
      if (context !== undefined) return context;
      throw problem ?? new SoloError("invalid_config", "no certificate");
    },
    onChange: (callback) => listeners.push(callback),
    check: () => checkOf(context, problem ?? revocations.problem),
    close: async () => clearInterval(timer),
  };
}

function fingerprintOf({ cert, key, ca }: TlsSettings): string {
  return [cert, key, ca].map((path) => (path === null ? "" : stampOf(path))).join(" ");
}

/** @throws SoloError `invalid_config` for files that are missing, are none of their kind, or don't belong together */
function readContext({ cert, key, ca }: TlsSettings): TlsContext {
  const context = {
    cert: read(cert, "tls.cert"),
    key: read(key, "tls.key"),
    ca: ca === null ? undefined : read(ca, "tls.ca"),
  };
  const certificate = parse(cert, "tls.cert", () => new X509Certificate(context.cert));
  const privateKey = parse(key, "tls.key", () => createPrivateKey(context.key));
  if (ca !== null) parse(ca, "tls.ca", () => new X509Certificate(context.ca ?? ""));
  if (certificate.checkPrivateKey(privateKey)) return context;
  throw new SoloError("invalid_config", `${key} is not the key of the certificate ${cert}`);
}

function read(path: string, setting: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new SoloError("invalid_config", `${setting}: can't read ${path}`, { cause });
  }
}

function parse<Result>(path: string, setting: string, make: () => Result): Result {
  try {
    return make();
  } catch (cause) {
    throw new SoloError("invalid_config", `${setting}: ${path} holds none (PEM)`, { cause });
  }
}

/** What is wrong with the newest files goes before when the certificate expires. */
function checkOf(context: TlsContext | undefined, problem: SoloError | undefined): Check {
  if (problem !== undefined || context === undefined) {
    return { name: "tls", status: "degraded", message: problem?.message ?? "no certificate" };
  }
  const expires = new Date(new X509Certificate(context.cert).validTo);
  const leftDays = Math.floor((expires.getTime() - Date.now()) / dayMs);
  const day = expires.toISOString().slice(0, 10);
  if (leftDays < 0) return { name: "tls", status: "unhealthy", message: `the certificate has expired on ${day}` };
  if (leftDays < earlyDays) {
    return {
      name: "tls",
      status: "degraded",
      message: `the certificate expires on ${day}: \`solo tls renew\` makes a new one`,
    };
  }
  return { name: "tls", status: "healthy", message: `the certificate is valid until ${day}` };
}

const lookMs = 2_000;
const dayMs = 86_400_000;
const earlyDays = 14;
