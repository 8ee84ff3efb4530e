import { describe, expect, test } from "bun:test";
import { SoloError } from "../../../src/api/index.ts";
import type { AuditTrail } from "../../../src/observe/audit/index.ts";
import { openTrail, subjectOf } from "../../support/audit-model.ts";
import { FaultyFileSystem, PowerLoss } from "../../support/faulty-files/index.ts";

/** `SOLO_FAULT_SEEDS` sets in how many ways the power goes during each operation. */
const seeds = Number(process.env.SOLO_FAULT_SEEDS ?? 4);

type Acknowledged = Map<number, string>;

/** Appends, and notes what was acknowledged. */
async function record(trail: AuditTrail, acknowledged: Acknowledged, index: number): Promise<void> {
  const { sequence } = await trail.begin(subjectOf(index));
  acknowledged.set(sequence, `request-${index}`);
}

const scenarios: Record<string, (trail: AuditTrail, acknowledged: Acknowledged) => Promise<void>> = {
  "one by one": async (trail, acknowledged) => {
    for (let index = 0; index < 8; index++) await record(trail, acknowledged, index);
  },
  "in groups, over the ends of segments": async (trail, acknowledged) => {
    for (let round = 0; round < 6; round++) {
      await Promise.all(Array.from({ length: 7 }, (_, index) => record(trail, acknowledged, round * 7 + index)));
    }
  },
  "beyond the budget, so that the oldest segments are dropped": async (trail, acknowledged) => {
    for (let round = 0; round < 12; round++) {
      await Promise.all(Array.from({ length: 6 }, (_, index) => record(trail, acknowledged, round * 6 + index)));
    }
  },
};

async function prepared(seed: number): Promise<FaultyFileSystem> {
  const files = new FaultyFileSystem(seed);
  files.makeFolder("/data");
  await files.syncFolder("/");
  return files;
}

function isPowerLoss(error: unknown): boolean {
  return error instanceof PowerLoss || (error instanceof SoloError && isPowerLoss(error.cause));
}

async function untilPowerLoss(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return false;
  } catch (error) {
    if (!isPowerLoss(error)) throw error;
    return true;
  }
}

/** What was acknowledged is there, unless the budget took it, and nothing counts as damaged. */
async function checkAfterwards(files: FaultyFileSystem, bytes: number, acknowledged: Acknowledged): Promise<void> {
  const trail = openTrail(files, { bytes, onState: (state, message) => expect.unreachable(`${state}: ${message}`) });
  await trail.open();
  const check = await trail.verify();
  expect(check.problems).toEqual([]);
  expect(check.state).toBe("sound");
  const found = new Map<number, unknown>();
  for await (const { sequence, fields } of trail.read({})) found.set(sequence, fields.request_id);
  for (const [sequence, request] of acknowledged) {
    if (sequence >= (check.first_sequence ?? 1)) expect(found.get(sequence)).toBe(request);
  }
  await record(trail, acknowledged, 1_000);
  expect((await trail.verify()).state).toBe("sound");
  await trail.close();
}

describe.each(Object.entries(scenarios))("records %s", (name, scenario) => {
  const bytes = name.startsWith("beyond") ? 12_000 : 1_000_000;

  test("survive a loss of power during every operation", async () => {
    const whole = await prepared(0);
    const trail = openTrail(whole, { bytes });
    await scenario(trail, new Map());
    await trail.close();
    const { operations } = whole;
    for (let operation = 3; operation <= operations; operation++) {
      for (let seed = 1; seed <= seeds; seed++) {
        const files = await prepared(seed * 1_000_003 + operation);
        const acknowledged: Acknowledged = new Map();
        try {
          files.crashAt(operation);
          await untilPowerLoss(async () => {
            const crashing = openTrail(files, { bytes });
            await scenario(crashing, acknowledged);
            await crashing.close();
          });
          files.crash();
          await checkAfterwards(files, bytes, acknowledged);
          files.crash();
          await checkAfterwards(files, bytes, acknowledged);
        } catch (error) {
          const trace = files.history.slice(-30).join("\n");
          throw new Error(`seed ${seed}, operation ${operation}:\n${trace}`, { cause: error });
        }
      }
    }
  });
});
