import {
  type ErrorDocument,
  type OperationInput,
  type OperationName,
  type OperationOutput,
  routes,
  type SoloApi,
  SoloError,
  versionHeader,
} from "../api/index.ts";
import type { TellSkew } from "./check-answer.ts";
import { readLines } from "./read-lines.ts";
import { requestTarget } from "./request-target.ts";
import { type Transport, TransportFault, type TransportResponse } from "./transport.ts";

export interface SoloClient extends SoloApi {
  /** What `list` answers, as the JSON text that the kernel wrote: hundreds of services need not be read to be printed. */
  listJson(input: OperationInput<"list">, signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/**
 * Every operation of a kernel over a transport. `build` identifies this build; an answer of the same build is trusted as it is.
 * `tell` gets to know, once each, what an answer of another one lacks.
 */
export function createClient(transport: Transport, build: string, tell: TellSkew = () => undefined): SoloClient {
  const ours: OwnBuild = { id: build, tell: once(tell) };
  const document = <Name extends OperationName>(name: Name, input: OperationInput<Name>, signal?: AbortSignal) =>
    callDocument(transport, ours, name, input, signal);
  const stream = <Name extends OperationName>(name: Name, input: OperationInput<Name>, signal?: AbortSignal) =>
    callStream(transport, ours, name, input, signal);
  return {
    deploy: (input, signal) => stream("deploy", input, signal),
    list: (input, signal) => document("list", input, signal),
    listJson: (input, signal) => callText(transport, ours, "list", input, signal),
    status: (input, signal) => document("status", input, signal),
    kill: (input, signal) => document("kill", input, signal),
    restart: (input, signal) => stream("restart", input, signal),
    scale: (input, signal) => stream("scale", input, signal),
    call: (input, signal) => document("call", input, signal),
    logs: (input, signal) => stream("logs", input, signal),
    events: (input, signal) => stream("events", input, signal),
    stateGet: (input, signal) => document("stateGet", input, signal),
    stateSet: (input, signal) => document("stateSet", input, signal),
    stateDelete: (input, signal) => document("stateDelete", input, signal),
    stateScan: (input, signal) => stream("stateScan", input, signal),
    stateWatch: (input, signal) => stream("stateWatch", input, signal),
    stateImport: (input, signal) => document("stateImport", input, signal),
    effects: (input, signal) => document("effects", input, signal),
    resolve: (input, signal) => document("resolve", input, signal),
    signal: (input, signal) => document("signal", input, signal),
    sandbox: (input, signal) => document("sandbox", input, signal),
    budget: (input, signal) => document("budget", input, signal),
    why: (input, signal) => document("why", input, signal),
    checkpoints: (input, signal) => document("checkpoints", input, signal),
    checkpointShow: (input, signal) => document("checkpointShow", input, signal),
    checkpointVerify: (input, signal) => document("checkpointVerify", input, signal),
    checkpointCreate: (input, signal) => document("checkpointCreate", input, signal),
    checkpointRestore: (input, signal) => document("checkpointRestore", input, signal),
    checkpointFork: (input, signal) => document("checkpointFork", input, signal),
    checkpointDelete: (input, signal) => document("checkpointDelete", input, signal),
    checkpointPrune: (input, signal) => document("checkpointPrune", input, signal),
    checkpointExport: (input, signal) => document("checkpointExport", input, signal),
    checkpointDownload: (input, signal) => stream("checkpointDownload", input, signal),
    checkpointImport: (input, signal) => document("checkpointImport", input, signal),
    audit: (input, signal) => stream("audit", input, signal),
    auditAll: (input, signal) => stream("auditAll", input, signal),
    auditExport: (input, signal) => stream("auditExport", input, signal),
    auditVerify: (input, signal) => document("auditVerify", input, signal),
    upload: (input, signal) => document("upload", input, signal),
    secretList: (input, signal) => document("secretList", input, signal),
    secretSet: (input, signal) => document("secretSet", input, signal),
    secretGet: (input, signal) => document("secretGet", input, signal),
    secretRotate: (input, signal) => document("secretRotate", input, signal),
    secretDelete: (input, signal) => document("secretDelete", input, signal),
    secretRekey: (input, signal) => document("secretRekey", input, signal),
    secretUnlock: (input, signal) => document("secretUnlock", input, signal),
    capabilityGrant: (input, signal) => document("capabilityGrant", input, signal),
    capabilities: (input, signal) => document("capabilities", input, signal),
    capabilityShow: (input, signal) => document("capabilityShow", input, signal),
    capabilityAttenuate: (input, signal) => document("capabilityAttenuate", input, signal),
    capabilityDelegate: (input, signal) => document("capabilityDelegate", input, signal),
    capabilityRevoke: (input, signal) => document("capabilityRevoke", input, signal),
    capabilityVerify: (input, signal) => document("capabilityVerify", input, signal),
    registryRegister: (input, signal) => document("registryRegister", input, signal),
    registryRenew: (input, signal) => document("registryRenew", input, signal),
    registryUnregister: (input, signal) => document("registryUnregister", input, signal),
    registryDiscover: (input, signal) => document("registryDiscover", input, signal),
    registryList: (input, signal) => document("registryList", input, signal),
    tenantList: (input, signal) => document("tenantList", input, signal),
    tenantShow: (input, signal) => document("tenantShow", input, signal),
    crashes: (input, signal) => document("crashes", input, signal),
    metrics: (input, signal) => document("metrics", input, signal),
    metricsAll: (input, signal) => document("metricsAll", input, signal),
    reload: (input, signal) => document("reload", input, signal),
    remove: (input, signal) => document("remove", input, signal),
    health: (input, signal) => document("health", input, signal),
    version: (input, signal) => document("version", input, signal),
    shutdown: (input, signal) => document("shutdown", input, signal),
    close: () => transport.close(),
  };
}

/** This side of a difference between two builds. */
interface OwnBuild {
  readonly id: string;
  readonly tell: TellSkew;
}

/** Says each thing once: a stream may have it in every line. */
function once(tell: TellSkew): TellSkew {
  const said = new Set<string>();
  return (message) => {
    if (!said.has(message)) tell(message);
    said.add(message);
  };
}

async function callDocument<Name extends OperationName>(
  transport: Transport,
  ours: OwnBuild,
  name: Name,
  input: OperationInput<Name>,
  signal: AbortSignal | undefined,
): Promise<OperationOutput[Name]> {
  const read = async (response: TransportResponse) =>
    accept(name, parseJson(await response.text(), transport), response, ours);
  return callOnce(transport, ours, name, input, signal, read);
}

/** The answer's text; made anew where the kernel is of another build. */
async function callText<Name extends OperationName>(
  transport: Transport,
  ours: OwnBuild,
  name: Name,
  input: OperationInput<Name>,
  signal: AbortSignal | undefined,
): Promise<string> {
  const read = async (response: TransportResponse) => {
    const text = await response.text();
    if (response.header(versionHeader) === ours.id) return text;
    return JSON.stringify(await accept(name, parseJson(text, transport), response, ours));
  };
  return callOnce(transport, ours, name, input, signal, read);
}

async function callOnce<Name extends OperationName, Answer>(
  transport: Transport,
  ours: OwnBuild,
  name: Name,
  input: OperationInput<Name>,
  signal: AbortSignal | undefined,
  read: (response: TransportResponse) => Promise<Answer>,
): Promise<Answer> {
  try {
    // A read has a limit; a change takes as long as the kernel gives it.
    const limited = routes[name].method === "GET" ? withLimit(signal) : signal;
    return await read(await send(transport, ours, name, input, limited));
  } catch (thrown) {
    throw explain(thrown, name, transport, signal);
  }
}

async function* callStream<Name extends OperationName>(
  transport: Transport,
  ours: OwnBuild,
  name: Name,
  input: OperationInput<Name>,
  signal: AbortSignal | undefined,
): AsyncGenerator<OperationOutput[Name]> {
  try {
    const response = await send(transport, ours, name, input, signal);
    for await (const line of readLines(response.chunks())) {
      const value = parseJson(line, transport);
      if (isError(value)) throw SoloError.fromDocument(value);
      yield await accept(name, value, response, ours);
    }
  } catch (thrown) {
    if (signal?.aborted) return;
    throw explain(thrown, name, transport, signal);
  }
}

async function send<Name extends OperationName>(
  transport: Transport,
  ours: OwnBuild,
  name: Name,
  input: OperationInput<Name>,
  signal: AbortSignal | undefined,
): Promise<TransportResponse> {
  const { method } = routes[name];
  const target = requestTarget(routes[name], input);
  const response = await transport.send({
    method,
    path: target.path,
    body: target.body,
    headers: { [versionHeader]: ours.id, ...(target.body !== undefined && { "content-type": "application/json" }) },
    signal,
  });
  if (response.status < 400) return response;
  const error = refusal(response.status, await response.text(), transport);
  const theirs = response.header(versionHeader);
  throw isNoOperation(error) && theirs !== ours.id ? noOperation(name, theirs, ours.id) : error;
}

/** Answers of another build are checked; the checks are loaded only then. */
async function accept<Name extends OperationName>(
  name: Name,
  value: OperationOutput[Name],
  response: TransportResponse,
  ours: OwnBuild,
): Promise<OperationOutput[Name]> {
  const theirs = response.header(versionHeader);
  if (theirs === ours.id) return value;
  const { checkAnswer } = await import("./check-answer.ts");
  return checkAnswer(name, value, { theirs: theirs ?? "unknown", ours: ours.id }, ours.tell);
}

function parseJson(text: string, transport: Transport) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notAKernel(transport, "its answer is no JSON", cause);
  }
}

/** The kernel's own error, or what a proxy in front of it means by its status. */
function refusal(status: number, text: string, transport: Transport): SoloError {
  if (text.startsWith("{")) {
    const value = parseJson(text, transport);
    if (isError(value)) return SoloError.fromDocument(value);
  }
  const message = `${transport.peer} answered ${status} without a reason`;
  if (status === 401) return new SoloError("unauthenticated", message, { hint: "check the context's token_file" });
  if (status === 403) return new SoloError("forbidden", message, { hint: "check the context's certificate and token" });
  if (status >= 502 && status <= 504) return new SoloError("unreachable", `${message}: no kernel behind it`);
  return notAKernel(transport, `it answered ${status}`);
}

/** What a kernel says of a path that it does not have; one of the same build has all. */
function isNoOperation({ code, message }: SoloError): boolean {
  return code === "not_found" && message.startsWith("there is nothing at /v1/");
}

function noOperation(name: OperationName, theirs: string | undefined, ours: string): SoloError {
  return new SoloError(
    "failed",
    `the kernel (${theirs ?? "unknown"}) is older than this solo (${ours}): it has no operation ${name}`,
    {
      hint: "bring the kernel to this version: on its machine `solo stop --keep-services`, then `solo start`",
    },
  );
}

function notAKernel({ peer }: Transport, why: string, cause?: unknown): SoloError {
  return new SoloError("unreachable", `${peer} is not a Solo kernel: ${why}`, {
    hint: "check the address; `solo context list` shows where each context points",
    applied: "unknown",
    cause,
  });
}

function isError(value: unknown): value is ErrorDocument {
  if (typeof value !== "object" || value === null || !("error" in value)) return false;
  const { error } = value;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}

function withLimit(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(readTimeoutMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}

/** What a failed call means for the caller: did it happen, didn't it, or can nobody say. */
function explain(thrown: unknown, name: OperationName, { peer }: Transport, signal: AbortSignal | undefined): unknown {
  if (thrown instanceof SoloError || signal?.aborted) return thrown;
  const reading = routes[name].method === "GET";
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
    return new SoloError("unreachable", `the kernel at ${peer} did not answer within ${readTimeoutMs / 1_000} s`, {
      hint: "`solo doctor` shows what the kernel is doing",
    });
  }
  if (!(thrown instanceof TransportFault)) return thrown;
  if (thrown.kind === "lost" && !reading) {
    return new SoloError(
      "outcome_unknown",
      `the connection to ${peer} was lost after the request was sent (${thrown.message})`,
      {
        hint: "`solo status` shows what became of it; repeating the same command is safe",
        applied: "unknown",
        cause: thrown,
      },
    );
  }
  return new SoloError("unreachable", `no kernel answers at ${peer} (${thrown.message})`, {
    hint: thrown.hint ?? "`solo start` starts this machine's kernel",
    cause: thrown,
  });
}

/** Longest wait for a document that only reads. A kernel that is this slow is not working. */
const readTimeoutMs = 30_000;
