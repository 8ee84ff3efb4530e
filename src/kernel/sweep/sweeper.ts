import { renameSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ServiceRef, serviceKey } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { noteSweepFailure, sweepRevisions } from "./sweep.ts";
import { sweepUploads } from "./uploads.ts";

/** From the end of a deploy to the sweep after it: several deploys in a row have one. */
const delayMs = 2_000;
/** So many artifacts are removed at a time; the rest waits for the next sweep. */
const mostAtOnce = 64;
/** What an artifact is called while it is being removed: a kernel's start removes one that was left. */
const removedPrefix = ".removed-";

/**
 * Removes revisions and artifacts that deploys have made superfluous, while nothing is being deployed: an artifact is there
 * before the revision that needs it.
 */
export class Sweeper {
  readonly #kernel: Kernel;
  #deploying = 0;
  /** Since the last sweep. */
  readonly #deployed = new Map<string, ServiceRef>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Keeps every artifact until the deploy of a service has come to its end, whatever that is. */
  after(ref: ServiceRef, deploying: Promise<unknown>): void {
    this.#deploying += 1;
    const end = () => {
      this.#deploying -= 1;
      this.#deployed.set(serviceKey(ref), ref);
      this.#soon();
    };
    deploying.then(end, end);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#sweep().catch((error: unknown) => noteSweepFailure(this.#kernel, error));
    }, delayMs);
    this.#timer.unref();
  }

  async #sweep(): Promise<void> {
    const { paths, parts, ending } = this.#kernel;
    const names = await readdir(paths.artifacts);
    // The end of the deploy that is under way brings the next sweep.
    if (this.#deploying > 0 || ending.aborted) return;
    const services = [...this.#deployed.values()].flatMap((ref) => this.#kernel.find(ref) ?? []);
    this.#deployed.clear();
    sweepRevisions(this.#kernel, services);
    const needed = parts.database.revisions.digests();
    const unneeded = names.filter((name) => !name.startsWith(".") && !needed.has(name));
    if (unneeded.length > mostAtOnce) this.#soon();
    const removed = unneeded.slice(0, mostAtOnce).map((name) => {
      const target = join(paths.artifacts, `${removedPrefix}${name}`);
      // At once, so that a deploy that begins now builds it anew instead of finding it half removed.
      renameSync(join(paths.artifacts, name), target);
      return target;
    });
    for (const target of removed) await rm(target, { recursive: true, force: true });
    await sweepUploads(this.#kernel);
  }
}
