import { SoloError } from "../../api/index.ts";

export interface TimeLimit {
  readonly timeoutMs: number;
  /** The service's. */
  readonly name: string;
  /** Told of a failure that comes after the timeout, when nobody waits for it any more. */
  readonly noteLate: (error: unknown) => void;
}

/**
 * Waits for an operation for so long. The operation itself goes on when the time is over.
 * @throws SoloError `timeout` when it is over first
 */
export async function withTimeout<Result>(operation: Promise<Result>, limit: TimeLimit): Promise<Result> {
  const { timeoutMs, name, noteLate } = limit;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      operation.catch(noteLate);
      const message = `${name} is not ready after ${timeoutMs} ms; it goes on in the background`;
      const hint = `\`solo status ${name} --watch\` follows it; \`--timeout\` waits longer`;
      reject(new SoloError("timeout", message, { applied: "yes", hint }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([operation, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
