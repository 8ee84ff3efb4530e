import { expect, test } from "bun:test";
import { bytes, valueIn, Workshop } from "./workshop.ts";

const charge = { run: "", id: "charge" };
const begin = (token: string, cost: object = {}) => ({ ...charge, token, cost });
const done = (token: string, spent: object = {}) => ({
  ...charge,
  token,
  outcome: { state: "done", result: bytes("ok"), spent, elapsed_ms: 3 },
});

test("an effect is dispatched once, and its result kept", async () => {
  const workshop = await Workshop.open();
  const leave = await workshop.ask("effect.begin", begin("t1"));
  expect(leave).toMatchObject({ state: "go", attempt: 1, key: expect.stringMatching(/^[0-9a-f]{32}$/) });
  await workshop.ask("effect.finish", done("t1"));
  await workshop.reopen();
  expect(valueIn(await workshop.ask("effect.begin", begin("t2"), Workshop.other))).toBe("ok");
  expect(await workshop.effects()).toEqual({ "/charge": "done" });
});

test("one that was dispatched by a process that died is unknown, and stays so", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("effect.begin", begin("t1"));
  await workshop.reopen();
  workshop.kill(Workshop.one);
  expect(await workshop.effects()).toEqual({ "/charge": "unknown" });
  for (const token of ["t2", "t3"]) {
    const attempt = workshop.ask("effect.begin", begin(token), Workshop.other);
    await expect(attempt).rejects.toMatchObject({ code: "outcome_unknown", exit: 11 });
  }
});

test("the same process does not dispatch again what it never reported", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("effect.begin", begin("t1"));
  await expect(workshop.ask("effect.begin", begin("t2"))).rejects.toMatchObject({ code: "outcome_unknown" });
});

test("a request that is sent again gets its leave again", async () => {
  const workshop = await Workshop.open();
  const first = await workshop.ask("effect.begin", begin("t1"));
  await workshop.reopen();
  expect(await workshop.ask("effect.begin", begin("t1"))).toEqual(first);
});

test("one that another living process dispatched is waited for", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("effect.begin", begin("t1"));
  const waiting = workshop.ask("effect.begin", begin("t2"), Workshop.other);
  await workshop.ask("effect.finish", done("t1"));
  expect(valueIn(await waiting)).toBe("ok");
});

test("one that is known not to have happened may be tried again, under the same key", async () => {
  const workshop = await Workshop.open();
  const first = await workshop.ask("effect.begin", begin("t1"));
  await workshop.ask("effect.finish", { ...charge, token: "t1", outcome: { state: "not_done", reason: "429" } });
  const second = await workshop.ask("effect.begin", begin("t2"));
  expect(second).toEqual({ ...Object(first), attempt: 2 });
});

test("an outcome that comes late is the truth", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("effect.begin", begin("t1"));
  workshop.kill(Workshop.one);
  await expect(workshop.ask("effect.begin", begin("t2"), Workshop.other)).rejects.toThrow();
  await workshop.ask("effect.finish", done("t1"));
  expect(await workshop.effects()).toEqual({ "/charge": "done" });
});

test("an outcome of a dispatch that was given up for another is refused", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("effect.begin", begin("t1"));
  workshop.kill(Workshop.one);
  await workshop.steps?.resolve(charge, { as: "retry" });
  await workshop.ask("effect.begin", begin("t2"), Workshop.other);
  await expect(workshop.ask("effect.finish", done("t1"))).rejects.toMatchObject({ code: "conflict" });
});

test("somebody resolves an unknown effect: as done, as failed, or to be tried again", async () => {
  const workshop = await Workshop.open();
  workshop.budget = { tokens: 100 };
  const lose = async (token: string) => {
    await workshop.ask("effect.begin", begin(token, { tokens: 60 }));
    await workshop.ask("effect.finish", { ...charge, token, outcome: { state: "unknown", reason: "timeout" } });
  };
  await lose("t1");
  await workshop.steps?.resolve(charge, { as: "retry" });
  expect(workshop.steps?.usage()).toMatchObject({ used: { tokens: 0 }, reserved: { tokens: 0 } });
  await lose("t2");
  await workshop.steps?.resolve(charge, { as: "failed" });
  await expect(workshop.ask("effect.begin", begin("t3"))).rejects.toMatchObject({ code: "failed" });
  const other = { ...charge, id: "other" };
  await workshop.ask("effect.begin", { ...other, token: "t4", cost: { tokens: 60 } });
  await expect(workshop.steps?.resolve(other, { as: "failed" })).rejects.toMatchObject({ code: "conflict" });
  await workshop.ask("effect.finish", { ...other, token: "t4", outcome: { state: "unknown", reason: "timeout" } });
  await workshop.steps?.resolve(other, { as: "done", result: bytes({ receipt: 1 }) });
  expect(valueIn(await workshop.ask("effect.begin", { ...other, token: "t5", cost: {} }))).toEqual({ receipt: 1 });
  expect(workshop.steps?.usage()).toMatchObject({ used: { tokens: 60, calls: 1 }, reserved: { tokens: 0 } });
});

test("the budget is reserved with the intent and settled with the outcome, whatever dies between", async () => {
  const workshop = await Workshop.open();
  workshop.budget = { tokens: 100, calls: 2 };
  await workshop.ask("effect.begin", begin("t1", { tokens: 90 }));
  await workshop.reopen();
  expect(workshop.steps?.usage()).toMatchObject({ used: { tokens: 0 }, reserved: { tokens: 90, calls: 1 } });
  const more = { run: "", id: "more", token: "t2", cost: { tokens: 20 } };
  await expect(workshop.ask("effect.begin", more)).rejects.toMatchObject({ code: "budget_exhausted", exit: 12 });
  expect(await workshop.effects()).toEqual({ "/charge": "pending" });
  await workshop.ask("effect.finish", done("t1", { tokens: 30 }));
  await workshop.ask("effect.finish", done("t1", { tokens: 30 }));
  expect(workshop.steps?.usage()).toMatchObject({ used: { tokens: 30, calls: 1 }, reserved: { tokens: 0, calls: 0 } });
  expect(await workshop.ask("effect.begin", more)).toMatchObject({ state: "go" });
});

test("effects of a run go with it, but for those that nobody knows the outcome of", async () => {
  const workshop = await Workshop.open();
  await workshop.ask("run.begin", { run: "r" });
  await workshop.ask("effect.begin", { run: "r", id: "known", token: "t1", cost: {} });
  await workshop.ask("effect.finish", { ...done("t1"), run: "r", id: "known" });
  await workshop.ask("effect.begin", { run: "r", id: "unknown", token: "t2", cost: {} });
  await workshop.ask("run.finish", { run: "r", result: bytes(null) });
  workshop.kill(Workshop.one);
  expect(await workshop.effects()).toEqual({ "r/unknown": "unknown" });
  await workshop.steps?.resolve({ run: "r", id: "unknown" }, { as: "failed" });
  expect(await workshop.effects()).toEqual({});
});

test("one that may be repeated is dispatched again under its key, and what was lost counts as used", async () => {
  const workshop = await Workshop.open();
  workshop.budget = { tokens: 100 };
  const ask = (token: string) => workshop.ask("effect.begin", { ...begin(token, { tokens: 40 }), repeatable: true });
  const first = await ask("t1");
  workshop.kill(Workshop.one);
  expect(await ask("t2")).toEqual({ ...Object(first), attempt: 2 });
  expect(workshop.steps?.usage()).toMatchObject({ used: { tokens: 40 }, reserved: { tokens: 40 } });
  await workshop.ask("effect.finish", { ...charge, token: "t2", outcome: { state: "unknown", reason: "timeout" } });
  await expect(ask("t3")).rejects.toMatchObject({ code: "budget_exhausted" });
});
