import { expect, test } from "bun:test";
import { ClockWatch } from "../../../../src/kernel/checks/index.ts";
import { HandClock } from "../../../support/hand-clock.ts";

test.each([
  [7_200_000, "went 2h 0m forward while the kernel ran: it was set, or the machine slept"],
  [-90_000, "went 1m 30s back while the kernel ran: it was set, or the machine slept"],
])("a clock that is set by %d ms is told of for an hour", (byMs, message) => {
  const clock = new HandClock();
  const watch = new ClockWatch(clock);
  clock.pass(60_000);
  expect(watch.check().status).toBe("healthy");
  clock.jump(byMs);
  expect(watch.check()).toEqual({ name: "clock", status: "degraded", message });
  clock.pass(3_599_000);
  expect(watch.check().status).toBe("degraded");
  clock.pass(2_000);
  expect(watch.check().status).toBe("healthy");
});

test("a clock that is steered is not", () => {
  const clock = new HandClock();
  const watch = new ClockWatch(clock);
  for (let step = 0; step < 100; step++) {
    clock.pass(1_000);
    clock.jump(50);
    expect(watch.check().status).toBe("healthy");
  }
});

test("tells whether the machine keeps its clock right", () => {
  expect(new ClockWatch(new HandClock()).check().message).toMatch(/^(steady|synchronised)/);
});
