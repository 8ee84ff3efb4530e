import { expect, test } from "bun:test";
import { bytes, valueIn, Workshop } from "./workshop.ts";

const step = { run: "", id: "charge" };

test("a finished step answers its result, also to the next kernel", async () => {
  const workshop = await Workshop.open();
  expect(await workshop.ask("step.begin", step)).toEqual({ state: "claimed" });
  await workshop.ask("step.finish", { ...step, result: bytes({ paid: 12n }) });
  await workshop.reopen();
  const answer = await workshop.ask("step.begin", step, Workshop.other);
  expect(answer).toMatchObject({ state: "done" });
  expect(valueIn(answer)).toEqual({ paid: 12 });
});

test("a step that another instance is doing is waited for, and its result taken", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.begin", step);
  const waiting = workshop.ask("step.begin", step, Workshop.other);
  await workshop.ask("step.finish", { ...step, result: bytes("mine") });
  expect(valueIn(await waiting)).toBe("mine");
});

test("the step of a process that died is the next one's to do", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.begin", step);
  const waiting = workshop.ask("step.begin", step, Workshop.other);
  workshop.kill(Workshop.one);
  expect(await waiting).toEqual({ state: "claimed" });
});

test("a step that was given up is free", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.begin", step);
  const waiting = workshop.ask("step.begin", step, Workshop.other);
  await workshop.ask("step.abandon", step);
  expect(await waiting).toEqual({ state: "claimed" });
});

test("of two results the first one counts, for both", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.finish", { ...step, result: bytes("first") });
  expect(valueIn(await workshop.ask("step.finish", { ...step, result: bytes("second") }, Workshop.other))).toBe(
    "first",
  );
});

test("a result that is too long is refused", async () => {
  const workshop = await Workshop.open();
  const result = bytes("x".repeat(1_000_001));
  await expect(workshop.ask("step.finish", { ...step, result })).rejects.toMatchObject({ code: "limit_exceeded" });
  expect(await workshop.ask("step.begin", step, Workshop.other)).toEqual({ state: "claimed" });
});

test("what can't be the name of a step is refused", async () => {
  const workshop = await Workshop.open();
  for (const id of ["", "a\u0000b", "x".repeat(201), 7]) {
    await expect(workshop.ask("step.begin", { run: "", id })).rejects.toMatchObject({ code: "invalid_request" });
  }
});

test("a run that ended answers its result and has forgotten its steps", async () => {
  const workshop = await Workshop.open();
  const inRun = { run: "order-1", id: "charge" };
  expect(await workshop.ask("run.begin", { run: "order-1" })).toEqual({ state: "claimed", is_fresh: true });
  expect(await workshop.ask("run.list", {})).toEqual({ runs: [{ run: "order-1", begun: workshop.now }] });
  await workshop.ask("step.finish", { ...inRun, result: bytes(1) });
  await workshop.ask("timer.set", { run: "order-1", id: "pause", after_ms: 5 });
  await workshop.ask("run.finish", { run: "order-1", result: bytes("shipped") });
  expect(valueIn(await workshop.ask("run.begin", { run: "order-1" }, Workshop.other))).toBe("shipped");
  expect(await workshop.ask("run.list", {})).toEqual({ runs: [] });
  expect(workshop.state?.page("step").length).toBe(1);
  expect(workshop.state?.page("timer").length).toBe(0);
  const late = workshop.ask("step.finish", { ...inRun, id: "late", result: bytes(1) });
  await expect(late).rejects.toMatchObject({ code: "conflict" });
});

test("a run whose process died goes on with the results it has", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("run.begin", { run: "order-1" });
  await workshop.ask("step.finish", { run: "order-1", id: "charge", result: bytes("paid") });
  workshop.kill(Workshop.one);
  await workshop.reopen();
  expect(await workshop.ask("run.begin", { run: "order-1" }, Workshop.other)).toEqual({
    state: "claimed",
    is_fresh: false,
  });
  expect(valueIn(await workshop.ask("step.begin", { run: "order-1", id: "charge" }, Workshop.other))).toBe("paid");
});

test("finished runs are forgotten a day later, when others end", async () => {
  const workshop = await Workshop.open();
  const end = async (run: string) => {
    await workshop.ask("run.begin", { run });
    await workshop.ask("run.finish", { run, result: bytes(run) });
  };
  await end("old");
  workshop.now += 23 * 3_600_000;
  await end("young");
  expect(await workshop.ask("run.begin", { run: "old" })).toMatchObject({ state: "done" });
  workshop.now += 2 * 3_600_000;
  await end("new");
  expect(await workshop.ask("run.begin", { run: "old" })).toEqual({ state: "claimed", is_fresh: true });
  expect(await workshop.ask("run.begin", { run: "young" })).toMatchObject({ state: "done" });
});

test("the next kernel gives a run to nobody else while the process that has it lives", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("run.begin", { run: "order-1" });
  await workshop.reopen();
  const waiting = workshop.ask("run.begin", { run: "order-1" }, Workshop.other);
  expect(await workshop.ask("run.begin", { run: "order-1" })).toEqual({ state: "claimed", is_fresh: false });
  await workshop.ask("run.abandon", { run: "order-1" });
  expect(await waiting).toEqual({ state: "claimed", is_fresh: false });
});

test("the next kernel begins no run anew that ends while another process asks for it", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("run.begin", { run: "order-1" });
  await workshop.ask("step.finish", { run: "order-1", id: "charge", result: bytes("paid") });
  await workshop.reopen();
  // Both hosts had asked the former kernel: their requests wait for the state to be open, and are handled in one turn.
  const [begun] = await Promise.all([
    workshop.ask("run.begin", { run: "order-1" }, Workshop.other),
    workshop.ask("run.finish", { run: "order-1", result: bytes("shipped") }),
  ]);
  expect(valueIn(begun)).toBe("shipped");
});

test("no step of a run that has ended is begun", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("run.begin", { run: "order-1" });
  await workshop.ask("run.finish", { run: "order-1", result: bytes("shipped") });
  await expect(workshop.ask("step.begin", { run: "order-1", id: "charge" })).rejects.toMatchObject({
    code: "conflict",
  });
});

test("the next kernel gives a step of the service's own run to nobody else while the process that is at it lives", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.begin", step);
  await workshop.reopen();
  const waiting = workshop.ask("step.begin", step, Workshop.other);
  await workshop.ask("step.finish", { ...step, result: bytes("mine") });
  expect(valueIn(await waiting)).toBe("mine");
  expect(workshop.state?.page("meta", { prefix: "step-begun/" })).toEqual([]);
});

test("a step of the service's own run that ends while another process asks for it is not begun again", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.begin", step);
  await workshop.reopen();
  const [answer] = await Promise.all([
    workshop.ask("step.begin", step, Workshop.other),
    workshop.ask("step.finish", { ...step, result: bytes("mine") }),
  ]);
  expect(valueIn(answer)).toBe("mine");
});

test("a step of the service's own run that was given up, or whose process died, is free for the next kernel's callers too", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("step.begin", step);
  await workshop.ask("step.abandon", step);
  expect(workshop.state?.page("meta", { prefix: "step-begun/" })).toEqual([]);
  await workshop.ask("step.begin", step);
  workshop.kill(Workshop.one);
  await workshop.reopen();
  expect(await workshop.ask("step.begin", step, Workshop.other)).toEqual({ state: "claimed" });
});
