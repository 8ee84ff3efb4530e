import type { Context, HealthReport, Service } from "./sdk/index.ts";

/** How long a service may think about its health. Below the heartbeat's interval, so that none is late. */
const healthTimeoutMs = 900;

/** Longest message that is passed on, in characters. */
const maxMessageLength = 1_000;

/**
 * A function that asks a service how it feels, one question at a time: while an earlier one stays unanswered, and when the
 * answer takes too long, it says `unhealthy`. Undefined for a service that has nothing to say.
 */
export function healthReporter(service: Service, ctx: Context): () => Promise<HealthReport | undefined> {
  if (!service.health) return async () => undefined;
  const health = service.health.bind(service);
  let asking = false;
  const ask = async (): Promise<HealthReport> => {
    asking = true;
    try {
      return normalize(await health(ctx));
    } catch (error) {
      return { status: "unhealthy", message: shorten(error instanceof Error ? error.message : String(error)) };
    } finally {
      asking = false;
    }
  };
  return () => (asking ? Promise.resolve(late) : withTimeout(ask()));
}

const late: HealthReport = {
  status: "unhealthy",
  message: `health() did not answer within ${healthTimeoutMs} ms`,
};

function withTimeout(answer: Promise<HealthReport>): Promise<HealthReport> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, healthTimeoutMs, late).unref();
    answer.then((report) => {
      clearTimeout(timer);
      resolve(report);
    });
  });
}

/** A service in plain JavaScript may answer anything. */
function normalize(answer: unknown): HealthReport {
  if (typeof answer === "object" && answer !== null && "status" in answer) {
    const { status } = answer;
    const message = "message" in answer && typeof answer.message === "string" ? shorten(answer.message) : undefined;
    if (status === "healthy" || status === "degraded" || status === "unhealthy") {
      return message === undefined ? { status } : { status, message };
    }
  }
  return {
    status: "unhealthy",
    message: `health() must return { status }, and returned ${shorten(Bun.inspect(answer))}`,
  };
}

function shorten(text: string): string {
  return text.slice(0, maxMessageLength);
}
