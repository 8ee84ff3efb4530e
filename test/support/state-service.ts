/** A service that does with its state what it is told over HTTP: `POST /OPERATION` with a JSON list of arguments. */
export const stateService = `
import { defineService } from "solo";
let seen = [];
export default defineService({
  start(ctx) {
    if (process.env.WATCH === undefined) return;
    void (async () => {
      for await (const { op, key, value } of ctx.state.watch({ prefix: process.env.WATCH, after: 0 })) seen.push([op, key, value ?? null]);
    })();
  },
  async fetch(request, ctx) {
    const operation = new URL(request.url).pathname.slice(1);
    const input = await request.json();
    try {
      return Response.json({ output: (await operations[operation](ctx.state, ...input)) ?? null });
    } catch ({ code, message, applied }) {
      return Response.json({ error: { code, message, applied } });
    }
  },
});
const operations = {
  get: (state, key) => state.get(key),
  entry: (state, key) => state.entry(key),
  set: (state, key, value, options) => state.set(key, value, options),
  delete: (state, key) => state.delete(key),
  increment: (state, key, by) => state.increment(key, by),
  append: (state, key, item) => state.update(key, (items = []) => [...items, item]),
  scan: async (state, range) => { const all = []; for await (const { key, value } of state.scan(range)) all.push([key, value]); return all; },
  seen: () => seen,
  move: (state, from, to, amount) => state.transaction(async (tx) => {
    tx.set(from, ((await tx.get(from)) ?? 0) - amount);
    tx.set(to, ((await tx.get(to)) ?? 0) + amount);
  }),
  odd: async (state) => {
    const value = { date: new Date(5), bytes: new Uint8Array([1, 2]), big: 2n ** 60n, map: new Map([["a", 1]]), list: [null, undefined, 1.5] };
    await state.set("odd", value);
    const back = await state.get("odd");
    return [back.date instanceof Date, back.date.getTime(), [...back.bytes], String(back.big), back.map, back.list];
  },
  refused: (state) => state.set("f", { deep: [() => 1] }),
  checked: async (state, value) => {
    const schema = { "~standard": { version: 1, vendor: "test", validate: (v) => typeof v === "number" ? { value: v } : { issues: [{ message: "no number" }] } } };
    await state.checked(schema).set("checked", value);
    return state.checked(schema).get("checked");
  },
  burst: async (state, count) => { await Promise.all(Array.from({ length: count }, () => state.increment("burst"))); return state.get("burst"); },
};
`;
