import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { Daemon, waitFor } from "../../support/index.ts";
import { seededRandom } from "../../support/random.ts";

/** More of them find more; a failure prints the seed. */
const kills = Number(process.env.SOLO_FAULT_KILLS ?? 6);

setDefaultTimeout(60_000 + kills * 10_000);

/** Some megabytes, of which every key says the same: half of a restore would show two. */
const filler = `
import { defineService } from "solo";
const keys = 400;
export default defineService({
  methods: {
    async fill({ value }, { state }) {
      await state.transaction(async (tx) => {
        for (let key = 0; key < keys; key++) tx.set("key" + key, { value, filling: (value + "-").repeat(2_000) });
      });
      return value;
    },
    async values(_, { state }) {
      const found = new Set();
      let count = 0;
      for await (const entry of state.scan()) { found.add(entry.value.value); count++; }
      return { values: [...found], count };
    },
  },
});
`;

const valuesSchema = z.object({ values: z.array(z.string()), count: z.number() });

async function values(daemon: Daemon): Promise<z.infer<typeof valuesSchema>> {
  const read = async () => valuesSchema.parse((await daemon.client.call({ name: "filler", method: "values" })).output);
  return waitFor(read, { what: "the service's state", deadlineMs: 20_000 });
}

/** Begins a change and kills the kernel so many microtasks and milliseconds later, or when it is done. */
async function killDuring(
  daemon: Daemon,
  change: () => Promise<unknown>,
  delayMs: number,
  kill: () => Promise<unknown>,
): Promise<"done" | "cut"> {
  const changing = change().then(
    () => "done" as const,
    () => "cut" as const,
  );
  const outcome = await Promise.race([changing, Bun.sleep(delayMs)]);
  await kill();
  await daemon.until("filler", ({ ready }) => ready === 1);
  return outcome === "done" ? "done" : await changing;
}

test("kernels that are killed while they make, restore and import leave whole states and whole checkpoints only", async () => {
  const seed = Number(process.env.SOLO_FAULT_SEED ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  await using daemon = await Daemon.start();
  const { client } = daemon;
  const name = "filler";
  await daemon.deploy({ filler: daemon.module("filler.ts", filler) });
  const keep = async (value: string) => {
    await client.call({ name, method: "fill", input: { value } });
    return (await client.checkpointCreate({ name })).id;
  };
  const [one, two] = [await keep("one"), await keep("two")];
  const file = join(daemon.env.root, "portable");
  await client.checkpointExport({ name, id: one, file });
  let present = "two";
  for (let kill = 0; kill < kills; kill++) {
    const told = `seed ${seed}, kill ${kill}`;
    const [aim, aimed] = present === "two" ? [one, "one"] : [two, "two"];
    const changes = [
      () => client.checkpointCreate({ name }),
      () => client.checkpointRestore({ name, id: aim }),
      () => client.checkpointImport({ name, file }),
    ];
    const which = kill % changes.length;
    // A guardian waits longer before each of many restarts: a new one now and then.
    const crash = kill % 4 === 3 ? () => daemon.replaceBoth() : () => daemon.crashKernel();
    const outcome = await killDuring(daemon, changes[which] ?? (async () => undefined), random.below(60), crash);
    const found = await values(daemon);
    expect([told, found.count, found.values.length]).toEqual([told, 400, 1]);
    const isRestored = found.values[0] === aimed && which === 1;
    if (outcome === "done" && which === 1) expect([told, isRestored]).toEqual([told, true]);
    if (isRestored) present = aimed;
    expect([told, found.values]).toEqual([told, [present]]);
    const { checkpoints, damaged } = await client.checkpoints({ name });
    expect([told, damaged]).toEqual([told, []]);
    for (const { id } of checkpoints) {
      expect([told, (await client.checkpointVerify({ name, id })).state]).toEqual([told, "sound"]);
    }
    expect(checkpoints.map(({ id }) => id)).toContain(one);
    // Retention would take the first two in the end.
    for (const { id } of checkpoints) if (id !== one && id !== two) await client.checkpointDelete({ name, id });
  }
});
