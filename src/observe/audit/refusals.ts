import type { AuditEnd, AuditSubject } from "./record.ts";

/** Refusals of one kind that are recorded one by one within a window; what comes beyond is counted. */
const singlePerWindow = 10;
/** Of all kinds together. */
const singleInAll = 200;
const maxKinds = 256;
export const refusalWindowMs = 1_000;

/** What those that are counted together have in common, beside the code. */
export type RefusalKind = Pick<AuditSubject, "actor" | "tenant" | "operation">;

export interface Refusal {
  readonly subject: AuditSubject;
  readonly end: AuditEnd;
}

/**
 * Keeps a flood of refusals from pushing everything else out of the trail's budget: the same one, many times within a
 * second, becomes one record with a count.
 */
export class RefusalWindow {
  #kinds = new Map<string, { readonly refusal: Refusal; single: number; counted: number }>();
  #single = 0;
  #others = 0;

  /** Counts one of a kind of which no more is recorded one by one within this window; false when this one may have to be. */
  counts(kind: RefusalKind, code: AuditEnd["code"]): boolean {
    const known = this.#kinds.get(keyOf(kind, code));
    if (known === undefined || known.single < singlePerWindow) return false;
    known.counted += 1;
    return true;
  }

  /** Whether this one is to be recorded by itself. */
  admits(refusal: Refusal): boolean {
    const key = keyOf(refusal.subject, refusal.end.code);
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      if (this.#kinds.size >= maxKinds) {
        this.#others += 1;
        return false;
      }
      kind = { refusal, single: 0, counted: 0 };
      this.#kinds.set(key, kind);
    }
    if (kind.single < singlePerWindow && this.#single < singleInAll) {
      kind.single += 1;
      this.#single += 1;
      return true;
    }
    kind.counted += 1;
    return false;
  }

  /** Ends the window: what was only counted in it. */
  take(): readonly (Refusal & { readonly count: number })[] {
    const counted = [...this.#kinds.values()]
      .filter((kind) => kind.counted > 0)
      .map(({ refusal, counted: count }) => ({ ...refusal, count }));
    const [first] = this.#kinds.values();
    if (this.#others > 0 && first !== undefined) {
      const subject = {
        ...first.refusal.subject,
        actor: "many",
        tenant: null,
        operation: "many",
        subject: "many",
      };
      counted.push({ subject, end: { outcome: "refused", code: null, reason: null }, count: this.#others });
    }
    this.#kinds = new Map();
    this.#single = 0;
    this.#others = 0;
    return counted;
  }
}

function keyOf({ actor, tenant, operation }: RefusalKind, code: AuditEnd["code"]): string {
  // No name has a blank in it.
  return `${operation} ${code} ${tenant ?? ""} ${actor}`;
}
