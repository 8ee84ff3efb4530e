import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ServiceRow } from "../../../../src/api/index.ts";
import {
  initialState,
  type Key,
  press,
  selectedIndex,
  shownRows,
  type TopState,
} from "../../../../src/cli/top/index.ts";

function row(service: string, facts: Partial<ServiceRow> = {}): ServiceRow {
  return {
    service,
    tenant: "default",
    revision: "r1",
    kind: "source",
    state: "ready",
    replicas: 1,
    ready: 1,
    restarts: 0,
    uptime_ms: 1,
    rss_bytes: 1,
    cpu_percent: 0,
    url: null,
    sandbox: "enforce",
    ...facts,
  };
}

const rows = [
  row("api", { cpu_percent: 3, rss_bytes: 10 }),
  row("db", { state: "crash_loop", restarts: 9, rss_bytes: 30 }),
  row("web", { cpu_percent: 7, rss_bytes: 20, replicas: 2 }),
];

/** The state after some keys, as someone presses them. */
function after(keys: readonly (string | Key)[], from: TopState = initialState): TopState {
  return keys.reduce((state, key) => step(state, key).state, from);
}

function step(state: TopState, key: string | Key) {
  return press(state, typeof key === "string" ? { text: key } : key, shownRows(rows, state), 2);
}

const names = (state: TopState) => shownRows(rows, state).map(({ service }) => service);

describe("the list", () => {
  test("is sorted by one thing after the other", () => {
    const orders = [[], ["s"], ["s", "s"], ["s", "s", "s"], ["s", "s", "s", "s"]].map((keys) => names(after(keys)));
    expect(orders).toEqual([
      ["api", "db", "web"],
      ["db", "api", "web"],
      ["web", "api", "db"],
      ["db", "web", "api"],
      ["db", "api", "web"],
    ]);
  });

  test("is searched by name and state, until Escape", () => {
    const searching = after(["/", "C", "r", "a", "x", { name: "backspace" }]);
    expect(names(searching)).toEqual(["db"]);
    const kept = after([{ name: "enter" }], searching);
    expect([kept.mode, kept.search]).toEqual(["browse", "Cra"]);
    expect(names(after([{ name: "escape" }], kept))).toHaveLength(3);
  });

  test("keeps its selection when its order changes, and has one when the selected service is gone", () => {
    const selected = after([{ name: "down" }, "s", "s"]);
    expect(selected.selected).toBe("db");
    expect(selectedIndex(selected, shownRows(rows, selected))).toBe(2);
    expect(selectedIndex({ ...selected, selected: "gone" }, rows)).toBe(0);
  });
});

describe("an order", () => {
  test("is given for the selected service", () => {
    expect(step(after(["j"]), "r").order).toEqual({ verb: "restart", name: "db" });
    expect(step(after(["G"]), "+").order).toEqual({ verb: "scale", name: "web", replicas: 3 });
  });

  test("that ends processes asks first, and only y does it", () => {
    const asking = step(initialState, "x");
    expect(asking.order).toBeUndefined();
    expect(asking.state.mode).toEqual({ confirm: { verb: "kill", name: "api" } });
    for (const key of ["n", "x", "q", { name: "enter" } as const]) {
      const refused = step(asking.state, key);
      expect([refused.order, refused.state.mode, refused.quit]).toEqual([undefined, "browse", undefined]);
    }
    expect(step(asking.state, "y").order).toEqual({ verb: "kill", name: "api" });
    expect(step(after(["G"]), "-").state.mode).toEqual({ confirm: { verb: "scale", name: "web", replicas: 1 } });
  });

  test("is not given where there is no service", () => {
    const nothing = after(["/", "n", "o", "n", "e", { name: "enter" }]);
    for (const key of ["r", "x", "+", "-"]) expect(step(nothing, key)).toEqual({ state: nothing });
  });
});

test("whatever is pressed, the selection stays within the list and orders are for services that there are", () => {
  const keys = fc.oneof(
    fc.constantFrom(..."jkgGslrx+-/?ynq ").map((text): Key => ({ text })),
    fc
      .constantFrom(...(["up", "down", "page_up", "page_down", "home", "end", "enter", "escape", "backspace"] as const))
      .map((name): Key => ({ name })),
  );
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 40 }), (pressed) => {
      let state = initialState;
      for (const key of pressed) {
        const result = step(state, key);
        state = result.state;
        const shown = shownRows(rows, state);
        expect(selectedIndex(state, shown)).toBeLessThan(Math.max(1, shown.length));
        if (result.order !== undefined) expect(rows.map(({ service }) => service)).toContain(result.order.name);
      }
    }),
  );
});
