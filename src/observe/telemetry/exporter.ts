import type { MetricsDocument } from "../../api/index.ts";
import { metricsExport } from "./otlp-metrics.ts";
import { type Resource, type Span, tracesDocument } from "./otlp-traces.ts";

/** Spans that wait to be sent; further ones are dropped, and counted. */
const mostWaiting = 4_096;
const mostInBatch = 512;
const spansMs = 2_000;
const metricsMs = 15_000;
const sendTimeoutMs = 10_000;
const closeMs = 1_500;

export interface ExporterOptions {
  /** Of OTLP over HTTP, such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly resource: Resource;
  /** What is measured now. */
  readonly metrics: () => Promise<MetricsDocument>;
  /** What became of spans: taken by the endpoint, or dropped. */
  readonly onExported: (count: number) => void;
  readonly onDropped: (count: number, reason: "queue_full" | "not_taken") => void;
  /** A line for the kernel's own log, when the endpoint begins to fail and when it takes again. */
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** Sends spans and metrics to an OTLP endpoint in JSON. Nobody ever waits for it: what it can't send in time is dropped. */
export class OtlpExporter {
  readonly #options: ExporterOptions;
  readonly #started = Date.now();
  readonly #timers: ReturnType<typeof setInterval>[];
  #waiting: Span[] = [];
  #sending: Promise<void> | undefined;
  #problem: string | undefined;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#timers = [
      setInterval(() => void this.flush(), spansMs),
      setInterval(() => void this.#sendMetrics(), metricsMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  add(span: Span): void {
    if (this.#waiting.length >= mostWaiting) {
      this.#options.onDropped(1, "queue_full");
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= mostInBatch) void this.flush();
  }

  /** Sends what waits. Never throws. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendSpans().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Sends what waits and the last metrics, if that can be done at once: a kernel that ends waits for no collector. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.race([Promise.all([this.flush(), this.#sendMetrics()]), Bun.sleep(closeMs)]);
  }

  async #sendSpans(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, mostInBatch);
      if (await this.#post("/v1/traces", tracesDocument(batch, this.#options.resource))) {
        this.#options.onExported(batch.length);
      } else {
        this.#options.onDropped(batch.length, "not_taken");
        return;
      }
    }
  }

  async #sendMetrics(): Promise<void> {
    const { metrics, resource } = this.#options;
    const document = await metrics().catch(() => undefined);
    if (document === undefined) return;
    await this.#post("/v1/metrics", metricsExport(document, resource, this.#started, Date.now()));
  }

  async #post(path: string, document: object): Promise<boolean> {
    try {
      const answer = await fetch(`${this.#options.endpoint.replace(/\/+$/, "")}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(document),
        signal: AbortSignal.timeout(sendTimeoutMs),
      });
      await answer.arrayBuffer();
      return this.#tell(answer.ok ? undefined : `it answers ${answer.status}`);
    } catch (error) {
      return this.#tell(error instanceof Error ? error.message : String(error));
    }
  }

  #tell(problem: string | undefined): boolean {
    const { endpoint, say } = this.#options;
    if (problem !== undefined && this.#problem === undefined) {
      say("warn", `the OTLP endpoint ${endpoint} takes nothing (${problem}): what can't be sent is dropped`);
    }
    if (problem === undefined && this.#problem !== undefined) say("info", `the OTLP endpoint ${endpoint} takes again`);
    this.#problem = problem;
    return problem === undefined;
  }
}
