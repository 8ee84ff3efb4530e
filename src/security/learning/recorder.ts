import { z } from "zod";
import { CallListener, type HeldCall, receiveDescriptor } from "../../system/index.ts";
import { isWithin } from "../sandbox/place.ts";
import { CallReader, usesOfProgram } from "./calls.ts";
import { addToRecord } from "./use-file.ts";
import { isPortUse, type Use, Uses } from "./uses.ts";

const allowedPorts = z.union([z.literal("any"), z.array(z.int())]);

/** What a recorder is told at its start. */
export const recorderOrderSchema = z.object({
  /** The program that is executed first. */
  program: z.string(),
  /** What the process may use without anything being declared: it is not recorded. */
  known: z.object({
    paths: z.array(z.object({ path: z.string(), read: z.boolean(), write: z.boolean(), execute: z.boolean() })),
    /** Folders that are listed on the way to something, and that nothing is missing without. */
    passed: z.array(z.string()),
    connect: allowedPorts,
    listen: allowedPorts,
  }),
});
export type RecorderOrder = z.infer<typeof recorderOrderSchema>;

/** Without a call for so long, what is new is kept … */
const quietMs = 100;
/** … and so often in any case. What is not kept yet is lost when the machine loses its power. */
const keepMs = 1_000;

/**
 * Looks at the calls of one instance's processes until none of them is left, and keeps what they use. It waits in the system all
 * the time, in a process of its own: while it does anything, whoever makes a watched call waits.
 *
 * @param record the file that its record goes to
 * @param socket over which the listener comes
 */
export function runRecorder(record: string, order: RecorderOrder, socket: number): void {
  const descriptor = receiveDescriptor(socket);
  if (descriptor === undefined) return;
  const listener = new CallListener(descriptor);
  const reader = new CallReader();
  const keeper = new Keeper(record, order.known);
  keeper.note(usesOfProgram(order.program));
  for (;;) {
    const held = listener.next(keeper.hasNews ? quietMs : longestWaitMs);
    if (held === "ended") break;
    if (held === "idle") {
      keeper.keep();
      continue;
    }
    const found = lookAt(reader, held);
    listener.letGo(held.id);
    keeper.note(found);
    if (keeper.isDue) keeper.keep();
  }
  keeper.keep();
}

const longestWaitMs = 60_000;

/** Whatever a program names, it must go on: files come and go between two looks at them. */
function lookAt(reader: CallReader, held: HeldCall): ReturnType<CallReader["usesOf"]> {
  try {
    return reader.usesOf(held);
  } catch {
    return "unseen";
  }
}

/** Collects what was used, and keeps it on disk. */
class Keeper {
  readonly #record: string;
  readonly #known: RecorderOrder["known"];
  readonly #uses = new Uses();
  #unseen = 0;
  #since = Date.now();
  #kept = performance.now();
  hasNews = true;

  constructor(record: string, known: RecorderOrder["known"]) {
    this.#record = record;
    this.#known = known;
  }

  get isDue(): boolean {
    return this.hasNews && performance.now() - this.#kept >= keepMs;
  }

  note(found: ReturnType<CallReader["usesOf"]>): void {
    if (found === "unseen") {
      this.#unseen++;
      this.hasNews = true;
      return;
    }
    for (const use of found) if (!this.#isKnown(use) && this.#uses.add(use)) this.hasNews = true;
  }

  /** A disk that takes nothing now may do so later; a service that is gone has no record any more. */
  keep(): void {
    this.#kept = performance.now();
    if (!this.hasNews) return;
    try {
      const record = { since: this.#since, updated: Date.now(), unseen: this.#unseen, uses: this.#uses.lists() };
      addToRecord(this.#record, record);
      this.#unseen = 0;
      this.hasNews = false;
    } catch {
      // Tried again with the next call.
    }
  }

  #isKnown(use: Use): boolean {
    const known = this.#known;
    if (isPortUse(use)) {
      const ports = known[use.access];
      return ports === "any" || ports.includes(use.target);
    }
    if (use.access === "read" && known.passed.includes(use.target)) return true;
    return known.paths.some((grant) => grant[use.access] && isWithin(use.target, grant.path));
  }
}
