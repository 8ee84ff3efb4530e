import { expect, test } from "bun:test";
import fc from "fast-check";
import { type InstanceState, instanceStates, isAlive } from "../../src/api/index.ts";
import { type InstanceEvent, transition } from "../../src/supervise/instance-machine.ts";

const events: readonly InstanceEvent[] = [
  "well",
  "impaired",
  "unwell",
  "drain",
  "stop",
  "retry_later",
  "loop",
  "retry",
  "complete",
  "fail",
  "gone",
];

test("once an instance is stopping, only the end of its process ends that", () => {
  for (const event of events) {
    expect(transition("stopping", event)).toBe(event === "gone" ? "stopped" : "stopping");
  }
});

test("an instance that drains never gets ready again without a new start", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 50 }), (history) => {
      let state: InstanceState = "draining";
      let restarted = false;
      for (const event of history) {
        const next: InstanceState = transition(state, event);
        if (next === "starting") restarted = true;
        if ((next === "ready" || next === "degraded") && !restarted) return false;
        state = next;
      }
      return true;
    }),
  );
});

test("ready is reached only from states in which a process runs", () => {
  for (const state of instanceStates) {
    for (const event of events) {
      const next = transition(state, event);
      if (next === "ready" && state !== "ready") expect(isAlive(state)).toBe(true);
    }
  }
});

test("every state can be left towards stopped", () => {
  for (const state of instanceStates) {
    const path: InstanceEvent[] = ["stop", "gone"];
    expect(path.reduce<InstanceState>((current, event) => transition(current, event), state)).toBe("stopped");
  }
});
