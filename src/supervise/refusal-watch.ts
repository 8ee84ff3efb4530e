import { refusalAdvice, refusesNothing, type SandboxRefusal } from "../api/index.ts";
import { confinedInstance } from "./launch.ts";
import type { LaunchPlan, SuperviseRuntime } from "./runtime.ts";

/** Lines that are looked at when one of them tells of a refusal. */
const lines = 60;
/** The rest of a message may come a little later. */
const soonestMs = 100;
/** Between looks: a program that is refused the same again and again is looked at less and less. */
const shortestPauseMs = 500;
const longestPauseMs = 60_000;
/** Different refusals that one process is told of. */
const mostTold = 20;

/** Watches what one confined process writes for refusals, and tells each once: in its log, with what would allow it, and as an event. */
export class RefusalWatch {
  readonly #told = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = shortestPauseMs;

  constructor(
    private readonly runtime: SuperviseRuntime,
    private readonly plan: LaunchPlan,
    private readonly instance: { readonly id: string; readonly port: number },
  ) {}

  /** Something that it wrote looks like a refusal. */
  noticed(): void {
    if (this.#timer !== undefined || this.#told.size >= mostTold) return;
    const since = this.runtime.clock.monotonic() - this.#lookedAt;
    const wait = Math.max(soonestMs, this.#pauseMs - since);
    this.#timer = setTimeout(() => void this.settle(), wait);
    this.#timer.unref();
  }

  /** Looks now at what was noticed: the process has ended. */
  async settle(): Promise<void> {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lookedAt = this.runtime.clock.monotonic();
    const known = this.#told.size;
    for (const refusal of await refusalsOf(this.runtime, this.plan, this.instance, lines)) this.#tell(refusal);
    const isNews = this.#told.size > known;
    this.#pauseMs = isNews ? shortestPauseMs : Math.min(longestPauseMs, this.#pauseMs * 2);
  }

  #tell(refusal: SandboxRefusal): void {
    const { access, target } = refusal;
    const key = `${access}:${target}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const { ref } = this.plan;
    const advice = refusalAdvice(ref.name, refusal);
    try {
      this.runtime.logs.note(ref, this.instance.id, `solo: ${advice}`);
      this.runtime.emit({
        event: "sandbox_refused",
        ref,
        instance: this.instance.id,
        data: { access, target, advice },
      });
    } catch {
      // A disk that takes nothing has worse to tell.
    }
  }
}

/** What the last lines of an instance's log say that its sandbox refused it. */
async function refusalsOf(
  runtime: SuperviseRuntime,
  plan: LaunchPlan,
  instance: { readonly id: string; readonly port: number },
  count: number,
): Promise<readonly SandboxRefusal[]> {
  if (refusesNothing(plan.spec.sandbox.mode)) return [];
  const tail = await runtime.logs.tail(plan.ref, instance.id, count);
  return runtime.sandbox.refusals(confinedInstance(runtime, plan, instance), tail);
}
