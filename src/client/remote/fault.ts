import { TransportFault } from "../transport.ts";

/** What an error of undici or of the sockets below it says about the request. `hintOfLoss` is for a connection that broke. */
export function faultOf(thrown: unknown, signal: AbortSignal | undefined, hintOfLoss: string): unknown {
  if (signal?.aborted) return signal.reason;
  if (!(thrown instanceof Error)) return thrown;
  const code = "code" in thrown ? String(thrown.code) : "";
  const detail = code === "" ? thrown.message : code;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|HOSTNAME/.test(code)) {
    return new TransportFault("rejected", `TLS: ${thrown.message}`, {
      cause: thrown,
      hint: "give the authority that signed the kernel's certificate: `solo context add NAME URL --ca FILE`",
    });
  }
  if (beforeSending.has(code)) {
    return new TransportFault("unreachable", detail, {
      cause: thrown,
      hint: "check the address with `solo context list`",
    });
  }
  return new TransportFault("lost", detail, { cause: thrown, hint: hintOfLoss });
}

/** Failures of name lookup and connect(2): nothing was sent. */
const beforeSending = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "EACCES",
  "UND_ERR_CONNECT_TIMEOUT",
]);
