/** What an agent may write into the kernel's events and the service's log: 20 at once, then 2 a second. */
export class Allowance {
  #left = atOnce;
  #sinceMs = 0;

  take(nowMs: number): boolean {
    this.#left = Math.min(atOnce, this.#left + ((nowMs - this.#sinceMs) / 1_000) * perSecond);
    this.#sinceMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** What an agent says of something, for an event: texts are for people, and long ones are cut. */
export function clip(data: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value, plain);
      return text === undefined ? [] : [[name, text.slice(0, longestText)]];
    }),
  );
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

const atOnce = 20;
const perSecond = 2;
const longestText = 2_000;
