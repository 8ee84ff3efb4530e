import { describe, expect, test } from "bun:test";
import { StartGate } from "../../../src/supervise/start-gate.ts";
import { waitFor } from "../../support/index.ts";

/** A gate whose turns last until they are ended, and what has started, in order. */
function gate(limit: number, turnMs = 60_000) {
  const started: string[] = [];
  const starts = new StartGate<string>({ limit, turnMs });
  const enter = (...names: string[]) => {
    for (const name of names) starts.enter(name, () => started.push(name));
  };
  return { starts, started, enter };
}

describe("a start gate", () => {
  test("starts at once while there is room, and others in the order of asking as turns end", () => {
    const { starts, started, enter } = gate(2);
    enter("a", "b", "c", "d");
    expect(started).toEqual(["a", "b"]);
    starts.leave("b");
    expect(started).toEqual(["a", "b", "c"]);
    starts.leave("a");
    expect(started).toEqual(["a", "b", "c", "d"]);
    starts.close();
  });

  test("never starts what left while it waited", () => {
    const { starts, started, enter } = gate(1);
    enter("a", "b", "c");
    starts.leave("b");
    starts.leave("a");
    expect(started).toEqual(["a", "c"]);
    starts.close();
  });

  test("ignores who leaves without having entered", () => {
    const { starts, started, enter } = gate(1);
    enter("a", "b");
    starts.leave("z");
    expect(started).toEqual(["a"]);
    starts.close();
  });

  test("lets ten thousand through that fail at once, without deep recursion", () => {
    const starts = new StartGate<number>({ limit: 1 });
    let failed = 0;
    for (let index = 0; index < 10_000; index++) {
      starts.enter(index, () => {
        failed += 1;
        starts.leave(index);
      });
    }
    expect(failed).toBe(10_000);
    starts.close();
  });

  test("gives the place of one that takes long to the next", async () => {
    const { starts, started, enter } = gate(1, 1);
    enter("slow", "next");
    await waitFor(() => started.includes("next"), { what: "the second start" });
    expect(started).toEqual(["slow", "next"]);
    starts.close();
  });

  test("starts nothing any more once it is closed", () => {
    const { starts, started, enter } = gate(1);
    enter("a", "b");
    starts.close();
    starts.leave("a");
    expect(started).toEqual(["a"]);
  });
});
