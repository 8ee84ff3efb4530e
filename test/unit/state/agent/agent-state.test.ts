import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { unpack } from "../../../../src/api/message-pack.ts";
import { AgentState, ServiceStates } from "../../../../src/state/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const folder = temporaryFolder();
const ref = { tenant: "default", name: "agent" };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A service's states over one folder, as a kernel has them. */
function open(name: string) {
  const states = new ServiceStates({ folder: `${folder}/${name}`, clock: systemClock });
  return { states, agent: new AgentState(() => states.open(ref), "agent-1") };
}

const entry = (sequence: number) => ({ operation: "add", params: sequence, sequence });
const joined = (parts: readonly Uint8Array[] | null) => parts && Buffer.concat(parts);
const sequences = (entries: readonly Uint8Array[]) =>
  entries.map((each) => {
    const value = unpack(each);
    return typeof value === "object" && value !== null && "sequence" in value && value.sequence;
  });

test("an agent that was never there has nothing", async () => {
  const { states, agent } = open("empty");
  expect(await agent.load()).toEqual({ checkpointId: null, snapshot: null, entries: [], sequence: 0 });
  await states.closeAll();
});

test("the log comes back in order of its sequences, after a checkpoint only what is behind it", async () => {
  const first = open("log");
  await Promise.all([entry(1), entry(2), entry(10), entry(9)].map((each) => first.agent.append([each])));
  expect(sequences((await first.agent.load()).entries)).toEqual([1, 2, 9, 10]);
  const { id } = await first.agent.saveCheckpoint([Buffer.from([0x80])], 9);
  await first.states.closeAll();

  const second = open("log");
  const memory = await second.agent.load();
  expect(memory).toMatchObject({ checkpointId: id, sequence: 10 });
  expect(sequences(memory.entries)).toEqual([10]);
  await second.agent.saveCheckpoint([Buffer.from([0x80])], 10);
  expect(await second.agent.load()).toMatchObject({ entries: [], sequence: 10 });
  await second.states.closeAll();
});

test("a checkpoint of many parts comes back byte by byte, and replaces the one before", async () => {
  const { states, agent } = open("parts");
  const data = Buffer.alloc(3_000_001, "0123456789");
  await agent.saveCheckpoint([data.subarray(0, 70_000), data.subarray(70_000)], 0);
  expect(joined((await agent.load()).snapshot)).toEqual(data);
  const before = (await states.open(ref)).stats();
  await agent.saveCheckpoint([data], 0);
  expect(joined((await agent.load()).snapshot)).toEqual(data);
  expect((await states.open(ref)).stats()).toMatchObject({ keys: before.keys, bytes: before.bytes });
  await states.closeAll();
});

test("a log that is full takes nothing more until a checkpoint makes room", async () => {
  const { states, agent } = open("full");
  const big = (sequence: number) => ({ operation: "add", params: Buffer.alloc(2_000_000), sequence });
  for (let sequence = 1; sequence <= 33; sequence++) await agent.append([big(sequence)]);
  await expect(agent.append([big(34)])).rejects.toMatchObject({ code: "limit_exceeded" });
  await agent.saveCheckpoint([Buffer.from([0x80])], 33);
  await agent.append([big(34)]);
  expect(await agent.load()).toMatchObject({ sequence: 34 });
  await states.closeAll();
});
