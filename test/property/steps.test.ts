import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { SoloError } from "../../src/api/error.ts";
import { bytes, Workshop } from "../unit/state/steps/workshop.ts";

/** `SOLO_PROPERTY_RUNS` makes it longer; a failure prints what repeats it. */
const runs = Number(process.env.SOLO_PROPERTY_RUNS ?? 25);
setDefaultTimeout(60_000 + runs * 2_000);

const limit = 100;
const ids = ["a", "b", "c"];

/** Something that a process tells of an effect. */
interface Told {
  readonly do: "begin" | "done" | "not_done" | "unknown";
  readonly id: string;
  readonly tokens: number;
}

/** What somebody decides about an effect. */
interface Resolved {
  readonly resolve: "done" | "failed" | "retry";
  readonly id: string;
}

interface Ended {
  readonly end: "process" | "kernel";
}

type Act = Told | Resolved | Ended;

const id = fc.constantFrom(...ids);
const tokens = fc.integer({ min: 0, max: 40 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record<Told>({ do: fc.constantFrom("begin", "begin", "done", "not_done", "unknown"), id, tokens }),
  fc.record<Resolved>({ resolve: fc.constantFrom("done", "failed", "retry"), id }),
  fc.record<Ended>({ end: fc.constantFrom("process", "kernel") }),
);

/** What somebody outside knows of one effect. */
interface Known {
  /** Whether another dispatch is allowed: none so far, or the last one is known not to have happened. */
  mayGo: boolean;
  /** Of the last dispatch. */
  token: string;
  reserved: number;
}

test("an effect goes ahead only when nothing of it can have happened, and the budget is never overrun", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 60 }), async (acts) => {
      const workshop = await Workshop.open();
      workshop.budget = { tokens: limit };
      const known = new Map(ids.map((one): [string, Known] => [one, { mayGo: true, token: "", reserved: 0 }]));
      let process = 0;
      for (const [index, one] of acts.entries()) {
        const caller = { instance: "shop-1", process: String(process) };
        if (!("end" in one)) await perform(workshop, known.get(one.id) ?? fail(), one, { caller, token: `t${index}` });
        else if (one.end === "kernel") await workshop.reopen();
        else {
          workshop.kill(caller);
          process++;
        }
        const usage = workshop.steps?.usage();
        const held = (usage?.used.tokens ?? 0) + (usage?.reserved.tokens ?? 0);
        expect(held).toBeLessThanOrEqual(limit);
        expect(usage?.reserved.tokens).toBe(await reservedOf(workshop));
      }
      await workshop.close();
    }),
    { numRuns: runs },
  );
});

async function perform(
  workshop: Workshop,
  known: Known,
  one: Told | Resolved,
  { caller, token }: { caller: { instance: string; process: string }; token: string },
): Promise<void> {
  const name = { run: "", id: one.id };
  if ("resolve" in one) {
    const resolution = one.resolve === "done" ? { as: "done" as const, result: bytes(1) } : { as: one.resolve };
    const resolved = await attempt(workshop.steps?.resolve(name, resolution) ?? fail());
    if (!(resolved instanceof SoloError) && one.resolve === "retry") known.mayGo = true;
  } else if (one.do === "begin") {
    const request = { ...name, token, cost: { tokens: one.tokens } };
    const answer = await attempt(workshop.ask("effect.begin", request, caller));
    if (Object(answer).state !== "go") return;
    expect(known.mayGo).toBe(true);
    Object.assign(known, { mayGo: false, token, reserved: one.tokens });
  } else {
    const state = await stateOf(workshop, one.id);
    const isOpen = state === "pending" || state === "unknown";
    // What is told after somebody gave the reservation back is not covered by one.
    const spent = { tokens: isOpen ? Math.min(one.tokens, known.reserved) : 0 };
    const outcome =
      one.do === "done" ? { state: "done", result: bytes(1), spent, elapsed_ms: 1 } : { state: one.do, reason: "r" };
    const answer = await attempt(workshop.ask("effect.finish", { ...name, token: known.token, outcome }, caller));
    if (answer === null && one.do === "not_done" && isOpen) known.mayGo = true;
    if (answer === null && one.do === "done") known.mayGo = false;
  }
}

async function attempt(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof SoloError && error.code !== "internal") return error;
    throw error;
  }
}

async function stateOf(workshop: Workshop, wanted: string): Promise<string | undefined> {
  return (await workshop.effects())[`/${wanted}`];
}

async function reservedOf(workshop: Workshop): Promise<number> {
  let sum = 0;
  for await (const { record } of workshop.steps?.effects() ?? []) sum += record.reserved.tokens;
  return sum;
}

function fail(): never {
  throw new Error("there is no such effect");
}
