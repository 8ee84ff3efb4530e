import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Mutation, openState, ServiceCheckpoints, type ServiceState, type Space } from "../../src/state/index.ts";
import { HandClock } from "../support/hand-clock.ts";

/** `SOLO_PROPERTY_RUNS` makes it longer; a failure prints what repeats it. */
const runs = Number(process.env.SOLO_PROPERTY_RUNS ?? 15);
setDefaultTimeout(60_000 + runs * 2_000);

type Contents = ReadonlyMap<string, string>;
type Step =
  | { readonly do: "write"; readonly changes: readonly (readonly [Space, string, string | null])[] }
  | { readonly do: "checkpoint" }
  | { readonly do: "flush" }
  | { readonly do: "reopen" }
  | { readonly do: "restore"; readonly part: number };

const change = fc.tuple(
  fc.constantFrom<Space>("data", "step", "agent", "meta"),
  fc.constantFrom("a", "b", "c", "é", "😀", "key/1", "key/2", ""),
  fc.option(fc.string({ maxLength: 200 }), { freq: 4 }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("restore" as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);

/** A state with its checkpoints, and what is known of every position that it was ever at. */
class Recording {
  readonly folder = mkdtempSync(join(tmpdir(), "solo-checkpoint-"));
  readonly history: { readonly position: number; readonly time: number; readonly contents: Contents }[] = [];
  readonly checkpoints: ServiceCheckpoints;
  readonly clock = new HandClock();
  #state: ServiceState | undefined;

  constructor() {
    this.checkpoints = new ServiceCheckpoints({
      ref: { tenant: "default", name: "svc" },
      folder: join(this.folder, "checkpoints"),
      clock: this.clock,
      onTrouble: (trouble) => {
        throw new Error(JSON.stringify(trouble));
      },
    });
  }

  get state(): ServiceState {
    if (this.#state === undefined) throw new Error("it is not open");
    return this.#state;
  }

  get contents(): Contents {
    return this.history.at(-1)?.contents ?? new Map();
  }

  async open(): Promise<void> {
    this.#state = await openState(join(this.folder, "state"), {
      clock: this.clock,
      flush_ms: 600_000,
      durability: "async",
    });
  }

  async run(next: Step): Promise<void> {
    this.clock.pass(10);
    if (next.do === "write") await this.#write(next.changes);
    else if (next.do === "flush") await this.state.flush();
    else if (next.do === "checkpoint") await this.checkpoints.create(this.state, "manual", subject);
    else if (next.do === "reopen") {
      await this.state.close();
      await this.open();
    } else await this.#restore(this.history[Math.floor(next.part * (this.history.length - 1))]);
  }

  async close(): Promise<void> {
    await this.#state?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #write(changes: readonly (readonly [Space, string, string | null])[]): Promise<void> {
    const contents = new Map(this.contents);
    const mutations = changes.map(([space, key, value]): Mutation => {
      if (value === null) contents.delete(`${space}:${key}`);
      else contents.set(`${space}:${key}`, value);
      return value === null ? { op: "delete", space, key } : { op: "put", space, key, value: Buffer.from(value) };
    });
    const { position } = await this.state.commit(() => mutations, { origin: "test" });
    this.history.push({ position, time: this.clock.now(), contents });
  }

  async #restore(point: Recording["history"][number] | undefined): Promise<void> {
    if (point === undefined) return;
    const { position } = await this.checkpoints.restore(
      { position: point.position },
      this.state,
      subject,
      async () => {},
    );
    this.history.push({ position, time: this.clock.now(), contents: point.contents });
  }
}

const subject = { revision: null, spec_sha256: null };

async function contentsAt(recording: Recording, point: Parameters<ServiceCheckpoints["past"]>[0]): Promise<Contents> {
  const past = await recording.checkpoints.past(point, recording.state);
  const found = new Map<string, string>();
  for await (const { space, key, value } of past.entries()) found.set(`${space}:${key}`, Buffer.from(value).toString());
  return found;
}

function present(state: ServiceState): Contents {
  const spaces: readonly Space[] = ["data", "step", "agent", "meta"];
  const all = spaces.flatMap((space) => state.page(space));
  return new Map(all.map(({ space, key, value }) => [`${space}:${key}`, Buffer.from(value).toString()]));
}

function sorted(contents: Contents): [string, string][] {
  return [...contents].sort(([one], [other]) => (one < other ? -1 : 1));
}

test("every position and time of a recorded history can be gone back to, and is what it was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 250 }), async (steps) => {
      const recording = new Recording();
      try {
        await recording.open();
        for (const next of steps) await recording.run(next);
        const every = Math.max(1, Math.floor(recording.history.length / 20));
        for (const [index, { position, time, contents }] of recording.history.entries()) {
          if (index % every !== 0) continue;
          expect(sorted(await contentsAt(recording, { position }))).toEqual(sorted(contents));
          expect(sorted(await contentsAt(recording, { time }))).toEqual(sorted(contents));
        }
        expect(sorted(present(recording.state))).toEqual(sorted(recording.contents));
      } finally {
        await recording.close();
      }
    }),
    { numRuns: runs },
  );
});

test("a state that is restored to every 100th of 2,000 positions, one after the other, is each time the model's", async () => {
  const recording = new Recording();
  try {
    await recording.open();
    const changes = fc.sample(fc.array(change, { minLength: 1, maxLength: 3 }), { numRuns: 2_000, seed: 7 });
    for (const [index, one] of changes.entries()) {
      await recording.run({ do: "write", changes: one });
      if (index % 330 === 0) await recording.run({ do: "checkpoint" });
    }
    const recorded = [...recording.history];
    for (let index = 99; index < recorded.length; index += 100) {
      const point = recorded[index];
      if (point === undefined) throw new Error("nothing was recorded");
      await recording.checkpoints.restore({ position: point.position }, recording.state, subject, async () => {});
      expect(sorted(present(recording.state))).toEqual(sorted(point.contents));
    }
    expect(recording.state.position).toBe(2_020);
  } finally {
    await recording.close();
  }
});

test("a fork and its origin never see one another's writes, wherever it was forked and whatever is done to either", async () => {
  const side = fc.tuple(fc.boolean(), step);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.array(side, { maxLength: 60 }), async (before, after) => {
      const origin = new Recording();
      const fork = new Recording();
      try {
        await Promise.all([origin.open(), fork.open()]);
        await origin.run({ do: "write", changes: [["data", "a", "first"]] });
        for (const next of before) await origin.run(next);
        const base = await origin.checkpoints.create(origin.state, "manual", subject);
        const past = await origin.checkpoints.past({ id: base.id }, origin.state);
        const { position } = await fork.state.reset(past, "fork");
        const about = { ...subject, position, time: fork.clock.now(), reason: "fork" } as const;
        await fork.checkpoints.adopt(origin.checkpoints, base, about);
        fork.history.push({ position, time: fork.clock.now(), contents: origin.contents });
        for (const [isFork, next] of after) await (isFork ? fork : origin).run(next);
        for (const one of [origin, fork]) expect(sorted(present(one.state))).toEqual(sorted(one.contents));
        expect(sorted(await contentsAt(fork, { position }))).toEqual(sorted(await contentsAt(origin, { id: base.id })));
      } finally {
        await Promise.all([origin.close(), fork.close()]);
      }
    }),
    { numRuns: runs },
  );
});
