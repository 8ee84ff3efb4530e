import { expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/index.ts";
import { pageLimits, readPage } from "../../../../src/gateway/mcp/page.ts";

const signal = new AbortController().signal;
const limits = { ...pageLimits({}), follow: false, signal };

async function* counted(to: number) {
  for (let n = 1; n <= to; n++) yield { n, cursor: String(n) };
}

/** Gives some elements, then waits for ever: until it is left. */
async function* silent(n: number, left: AbortSignal) {
  yield* counted(n);
  if (!left.aborted)
    await new Promise<void>((resolve) => left.addEventListener("abort", () => resolve(), { once: true }));
}

test("a stream that ends is given whole, with the place to read on from", async () => {
  const page = await readPage({ ...limits, open: () => counted(3) });
  expect(page).toMatchObject({ stopped_by: "end", next: { since_cursor: "3" } });
  expect(page.items).toHaveLength(3);
  expect(await readPage({ ...limits, open: () => counted(0) })).toEqual({ items: [], stopped_by: "end", next: null });
});

test("it is cut off by elements and by bytes, but never gives nothing", async () => {
  const few = await readPage({ ...limits, max_items: 2, open: () => counted(9) });
  expect(few).toMatchObject({ stopped_by: "items", next: { since_cursor: "2" } });
  const small = await readPage({ ...limits, max_bytes: 45, open: () => counted(9) });
  expect(small).toMatchObject({ stopped_by: "bytes", next: { since_cursor: "2" } });
  const one = await readPage({ ...limits, max_bytes: 1, open: () => counted(9) });
  expect(one.items).toHaveLength(1);
});

test("it is left when time is up, and when the request is called off", async () => {
  const page = await readPage({ ...limits, follow: true, wait_ms: 1, open: (left) => silent(2, left) });
  expect(page).toMatchObject({ stopped_by: "time", next: { since_cursor: "2" } });
  const canceller = new AbortController();
  const reading = readPage({
    ...limits,
    follow: true,
    wait_ms: 30_000,
    signal: canceller.signal,
    open: (left) => silent(0, left),
  });
  canceller.abort();
  expect((await reading).items).toEqual([]);
});

test("entries of a state are read on behind their key", async () => {
  async function* entries() {
    yield { type: "entry", key: "a", value: 1, version: 1 };
  }
  expect((await readPage({ ...limits, open: entries })).next).toEqual({ after: "a" });
});

test("what goes wrong is told", async () => {
  async function* failing() {
    yield { cursor: "1" };
    throw new SoloError("not_found", "it is gone");
  }
  expect(readPage({ ...limits, open: failing })).rejects.toThrow("it is gone");
  expect(() => pageLimits({ max_items: 0 })).toThrow("max_items");
});
