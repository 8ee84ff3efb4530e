import { expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/index.ts";
import { LogIntake } from "../../../../src/supervise/port/log-intake.ts";
import type { LogEntry } from "../../../../src/supervise/port/messages.ts";

const entry = (sequence: number): LogEntry => ({ operation: "add", params: null, sequence });

/** A log whose appends the test ends one by one. */
function open(sequence = 0) {
  const appends: { sequences: number[]; keep: () => void; refuse: () => void }[] = [];
  const said: string[] = [];
  let position = 100;
  const log: LogIntake = new LogIntake(sequence, {
    store: {
      load: () => Promise.reject(new Error("not here")),
      saveCheckpoint: () => Promise.reject(new Error("not here")),
      append: (entries) => {
        const { promise, resolve, reject } = Promise.withResolvers<{ position: number }>();
        appends.push({
          sequences: entries.map((each) => each.sequence),
          keep: () => resolve({ position: (position += 1) }),
          refuse: () => reject(new SoloError("limit_exceeded", "full")),
        });
        return promise;
      },
    },
    onKept: () => {
      const acknowledgement = log.acknowledgement();
      if (acknowledgement) said.push(`kept ${acknowledgement.sequence} (${acknowledgement.count})`);
    },
    onRefused: (refused) => void said.push(`refused ${refused}`),
  });
  return { log, appends, said, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

test("entries are acknowledged in order, however their appends end", async () => {
  const { log, appends, said, settle } = open();
  log.take([entry(1)]);
  log.take([entry(2), entry(3)]);
  appends[1]?.keep();
  await settle();
  expect(said).toEqual([]);
  appends[0]?.keep();
  await settle();
  expect(said).toEqual(["kept 3 (3)"]);
});

test("what is kept already is acknowledged again and not appended again", async () => {
  const { log, appends, said, settle } = open(5);
  log.take([entry(4)]);
  expect(said).toEqual(["kept 5 (0)"]);
  log.take([entry(5), entry(6)]);
  expect(appends.map(({ sequences }) => sequences)).toEqual([[6]]);
  log.take([entry(6)]);
  expect(appends).toHaveLength(1);
  appends[0]?.keep();
  await settle();
  expect(said.at(-1)).toBe("kept 6 (1)");
});

test("a refused entry holds up those behind it until it is sent again", async () => {
  const { log, appends, said, settle } = open();
  log.take([entry(1)]);
  log.take([entry(2)]);
  log.take([entry(3)]);
  appends[0]?.keep();
  appends[1]?.refuse();
  appends[2]?.keep();
  await settle();
  // The third is on the disk, and still not acknowledged: the second is missing.
  expect(said).toEqual(["kept 1 (1)", "refused 2"]);
  log.take([entry(4)]);
  expect(said.at(-1)).toBe("refused 2");
  log.take([entry(2), entry(3), entry(4)]);
  expect(appends[3]?.sequences).toEqual([2, 4]);
  appends[3]?.keep();
  await settle();
  expect(said.at(-1)).toMatch(/^kept 4 /);
});

test("a checkpoint makes a refused entry superfluous", async () => {
  const { log, appends, said, settle } = open();
  log.take([entry(1)]);
  appends[0]?.refuse();
  await settle();
  log.checkpointed(1);
  log.take([entry(2)]);
  appends[1]?.keep();
  await settle();
  expect(said).toEqual(["refused 1", "kept 2 (1)"]);
});
