import { z } from "zod";
import { SoloError } from "../../api/index.ts";

/** A piece of a stream, as much as an agent can use at once. */

export const pageFields = {
  max_items: z.int().min(1).max(1_000).default(100).describe("The most elements to give"),
  max_bytes: z
    .int()
    .min(1_000)
    .max(1_000_000)
    .default(50_000)
    .describe("The most bytes to give, as JSON; one element is always given"),
  wait_ms: z
    .int()
    .min(0)
    .max(30_000)
    .default(5_000)
    .describe("With `follow`: how long to wait for more, in milliseconds"),
};
const limitsSchema = z.object(pageFields);
export type PageLimits = z.output<typeof limitsSchema>;

export interface Page {
  readonly items: readonly unknown[];
  /** `end`: there is no more now; else which limit was reached. */
  readonly stopped_by: "end" | "items" | "bytes" | "time";
  /** What to add to the same input to read on from here; null when there is no way to. */
  readonly next: Readonly<Record<string, string>> | null;
}

/** @throws SoloError `invalid_request` */
export function pageLimits(input: Readonly<Record<string, unknown>>): PageLimits {
  const { success, data, error } = limitsSchema.safeParse(input);
  if (success) return data;
  const [issue] = error.issues;
  throw new SoloError("invalid_request", `${issue?.path.join(".")}: ${issue?.message}`);
}

interface Reading extends PageLimits {
  /** Whether the stream goes on for ever, so that it is left after `wait_ms`. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  readonly open: (signal: AbortSignal) => AsyncIterable<unknown>;
}

/** Reads until a limit is reached, then leaves the stream. */
export async function readPage({ open, follow, signal, ...limits }: Reading): Promise<Page> {
  const left = new AbortController();
  const leave = () => left.abort();
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  const timer = setTimeout(leave, follow ? limits.wait_ms : longestReadMs);
  const items: unknown[] = [];
  let bytes = 0;
  let stopped_by: Page["stopped_by"] = "end";
  try {
    for await (const item of open(left.signal)) {
      bytes += Buffer.byteLength(JSON.stringify(item) ?? "");
      if (items.length > 0 && bytes > limits.max_bytes) {
        stopped_by = "bytes";
        break;
      }
      items.push(item);
      if (items.length < limits.max_items) continue;
      stopped_by = "items";
      break;
    }
    if (stopped_by === "end" && left.signal.aborted) stopped_by = "time";
  } catch (thrown) {
    if (!left.signal.aborted || thrown instanceof SoloError) throw thrown;
    stopped_by = "time";
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
    leave();
  }
  return { items, stopped_by, next: nextOf(items.at(-1)) };
}

/** Where a stream can be read on behind an element: behind its cursor, or for an entry behind its key. */
function nextOf(last: unknown): Page["next"] {
  if (typeof last !== "object" || last === null) return null;
  if ("cursor" in last && typeof last.cursor === "string") return { since_cursor: last.cursor };
  if ("type" in last && last.type === "entry" && "key" in last && typeof last.key === "string") {
    return { after: last.key };
  }
  return null;
}

/** A read that ends by itself takes milliseconds; one that searches much text may take longer. */
const longestReadMs = 25_000;
