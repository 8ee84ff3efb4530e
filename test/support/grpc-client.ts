import { join } from "node:path";
import { z } from "zod";

const answerSchema = z.object({
  id: z.union([z.int(), z.literal("ready")]),
  message: z.record(z.string(), z.json()).optional(),
  code: z.string().optional(),
  details: z.string().optional(),
  status_details: z.array(z.looseObject({ type: z.string() })).optional(),
  initial: z.record(z.string(), z.string()).optional(),
  services: z.array(z.string()).optional(),
  methods: z.array(z.object({ method: z.string() })).optional(),
});
type Answer = z.infer<typeof answerSchema>;

export interface GrpcRequest {
  /** `package.Service/Method`. */
  readonly method: string;
  readonly message?: Readonly<Record<string, unknown>>;
  /** Instead of a message, what is sent in its place. */
  readonly raw?: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timeout_s?: number;
  /** Calls it off after so many messages. */
  readonly cancel_after?: number;
}

/** How a call ended. */
export interface GrpcResult {
  readonly code: string;
  readonly details: string;
  /** Of `grpc-status-details-bin`. */
  readonly statusDetails: readonly Readonly<Record<string, unknown>>[];
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly initial: Readonly<Record<string, string>>;
}

/** A call that may still be under way. */
export interface GrpcCall {
  /** Those that came so far. */
  readonly messages: Readonly<Record<string, unknown>>[];
  readonly result: Promise<GrpcResult>;
}

/** Files of certificates, as PEM. */
export interface GrpcTls {
  readonly ca: string;
  readonly key?: string;
  readonly cert?: string;
}

/** Debian's gRPC client, which learns what there is by reflection. Fields have the names of the .proto file. */
export class GrpcClient implements AsyncDisposable {
  readonly services: readonly string[];
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #calls: Map<number, (answer: Answer) => void>;
  #last = 0;

  /** @throws when there is no server that tells what it has */
  static async connect(target: string, { tls, version = "v1" }: { tls?: GrpcTls; version?: string } = {}) {
    const files = tls === undefined ? [] : [tls.ca, tls.key ?? "", tls.cert ?? ""];
    const child = Bun.spawn({
      cmd: ["/usr/bin/python3", script, target, `grpc.reflection.${version}.ServerReflection`, ...files],
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    const calls = new Map<number, (answer: Answer) => void>();
    const services = await new Promise<readonly string[]>((resolve, reject) => {
      void read(child.stdout, (answer) => {
        if (answer.id === "ready") resolve(answer.services ?? []);
        else calls.get(answer.id)?.(answer);
      });
      // Whatever it says while it runs has to be read.
      void new Response(child.stderr).text().then((said) => reject(new Error(`the client ended: ${said}`)));
    });
    return new GrpcClient(child, calls, services);
  }

  private constructor(
    child: Bun.Subprocess<"pipe", "pipe", "pipe">,
    calls: Map<number, (answer: Answer) => void>,
    services: readonly string[],
  ) {
    this.#child = child;
    this.#calls = calls;
    this.services = services;
  }

  /** A call to its end. */
  call(request: GrpcRequest): Promise<GrpcResult> {
    return this.begin(request).result;
  }

  begin({ raw, ...request }: GrpcRequest): GrpcCall {
    const messages: Readonly<Record<string, unknown>>[] = [];
    const result = this.#ask(
      { ...request, ...(raw !== undefined && { raw: Buffer.from(raw).toString("base64") }) },
      (message) => messages.push(message),
    );
    return {
      messages,
      result: result.then(({ code = "", details = "", status_details: statusDetails = [], initial = {} }) => {
        return { code, details, statusDetails, messages, initial };
      }),
    };
  }

  /** The methods of every service. */
  async methods(): Promise<readonly string[]> {
    const { methods = [] } = await this.#ask({ describe: true }, () => {});
    return methods.map(({ method }) => method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  #ask(request: object, onMessage: (message: Readonly<Record<string, unknown>>) => void): Promise<Answer> {
    const id = ++this.#last;
    return new Promise((resolve) => {
      this.#calls.set(id, (answer) => {
        if (answer.message !== undefined) onMessage(answer.message);
        if (answer.code === undefined) return;
        this.#calls.delete(id);
        resolve(answer);
      });
      this.#child.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
      void this.#child.stdin.flush();
    });
  }
}

const script = join(import.meta.dir, "grpc-client.py");

async function read(stream: ReadableStream<Uint8Array>, onAnswer: (answer: Answer) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onAnswer(answerSchema.parse(JSON.parse(line)));
  }
}
