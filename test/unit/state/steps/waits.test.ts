import { expect, test } from "bun:test";
import { bytes, valueIn, Workshop } from "./workshop.ts";

const approval = { run: "order-1", id: "approval", name: "approved" };
const signal = (value: unknown, id?: string) => ({ run: "order-1", name: "approved", value: bytes(value), id });

test("a timer keeps its time, whoever asks and when", async () => {
  const workshop = await Workshop.open();
  const name = { run: "", id: "pause" };
  const { until } = Object(await workshop.ask("timer.set", { ...name, after_ms: 60_000 }));
  expect(until).toBe(workshop.now + 60_000);
  workshop.now += 30_000;
  await workshop.reopen();
  expect(await workshop.ask("timer.set", { ...name, after_ms: 60_000 })).toEqual({ until, left_ms: 30_000 });
});

test("a clock that is set back makes nobody wait for longer", async () => {
  const workshop = await Workshop.open();
  const pause = (id: string) => workshop.ask("timer.set", { run: "", id, after_ms: 60_000 });
  const limited = { ...approval, timeout_ms: 60_000 };
  await pause("before");
  expect(await workshop.ask("signal.wait", { ...limited, timeout_ms: 0 })).toEqual({ state: "timed_out" });
  workshop.setBy = -3_600_000;
  workshop.now += 10_000;
  expect(await pause("before")).toMatchObject({ left_ms: 50_000 });
  expect(await pause("after")).toMatchObject({ left_ms: 60_000 });
  const other = { ...limited, id: "other", timeout_ms: 1 };
  const waiting = workshop.ask("signal.wait", other);
  workshop.now += 60_000;
  expect(await waiting).toEqual({ state: "timed_out" });
  await workshop.reopen();
  expect(await pause("before")).toMatchObject({ left_ms: 0 });
});

test("a signal that comes before anybody waits is kept, and taken once", async () => {
  const workshop = await Workshop.open();
  await workshop.steps?.deliver(signal("yes"));
  await workshop.reopen();
  expect(valueIn(await workshop.ask("signal.wait", approval))).toBe("yes");
  await workshop.reopen();
  expect(valueIn(await workshop.ask("signal.wait", approval))).toBe("yes");
  expect(workshop.state?.page("signal").length).toBe(0);
});

test("a signal wakes who waits for it", async () => {
  const workshop = await Workshop.open();
  const waiting = workshop.ask("signal.wait", approval);
  await workshop.steps?.deliver(signal({ by: "ann" }));
  expect(valueIn(await waiting)).toEqual({ by: "ann" });
});

test("signals are taken in the order they came, one by each wait", async () => {
  const workshop = await Workshop.open();
  for (const value of [1, 2, 3]) await workshop.steps?.deliver(signal(value));
  const values: unknown[] = [];
  for (const id of ["a", "b", "c", "a"]) values.push(valueIn(await workshop.ask("signal.wait", { ...approval, id })));
  expect(values).toEqual([1, 2, 3, 1]);
});

test("a signal delivered twice under one id counts once", async () => {
  const workshop = await Workshop.open();
  expect(await workshop.steps?.deliver(signal(1, "d1"))).toEqual({ delivered: true });
  await workshop.reopen();
  expect(await workshop.steps?.deliver(signal(1, "d1"))).toEqual({ delivered: false });
  expect(workshop.state?.page("signal", { prefix: "order-1" }).length).toBe(1);
});

test("a wait that timed out stays so", async () => {
  const workshop = await Workshop.open();
  const limited = { ...approval, timeout_ms: 0 };
  expect(await workshop.ask("signal.wait", limited)).toEqual({ state: "timed_out" });
  await workshop.steps?.deliver(signal("late"));
  expect(await workshop.ask("signal.wait", limited)).toEqual({ state: "timed_out" });
});

test("a run that has ended takes no signal", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("run.begin", { run: "order-1" });
  await workshop.ask("run.finish", { run: "order-1", result: bytes(null) });
  await expect(workshop.steps?.deliver(signal(1))).rejects.toMatchObject({ code: "conflict" });
});

test("the id of a wait is no step's", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.finish", { run: "order-1", id: "approval", result: bytes(1) });
  await expect(workshop.ask("signal.wait", approval)).rejects.toMatchObject({ code: "invalid_request" });
});
