import { afterEach, describe, expect, test } from "bun:test";
import { heartbeatIntervalMs, slowHeartbeatIntervalMs } from "../../../src/api/index.ts";
import { Heartbeat } from "../../../src/supervise/heartbeat.ts";
import { systemClock } from "../../../src/system/index.ts";
import { waitFor } from "../../support/wait-for.ts";

const heartbeats: Heartbeat[] = [];
afterEach(() => {
  for (const heartbeat of heartbeats.splice(0)) heartbeat.stop();
});

/** A host that notes what it is told of its pace, and says so when it can be told. */
function host({ isConnected = (): boolean => true, isAdopted = false } = {}) {
  const paces: number[] = [];
  const setPace = (ms: number) => {
    if (isConnected()) paces.push(ms);
    return isConnected();
  };
  const heartbeat = new Heartbeat(systemClock, isAdopted ? "fetch" : null, setPace, () => undefined);
  heartbeats.push(heartbeat);
  return { heartbeat, paces };
}

describe("a kernel with very many hosts", () => {
  test("hears of each less often, and again every second once there are fewer", async () => {
    const first = host();
    const all = Array.from({ length: 1_000 }, () => host());
    await waitFor(() => [first, ...all].every(({ paces }) => paces.length === 1), { what: "all to be told" });
    expect(first.paces).toEqual([slowHeartbeatIntervalMs]);
    for (const { heartbeat } of all) heartbeat.stop();
    await waitFor(() => first.paces.length === 2, { what: "the last one to be told" });
    expect(first.paces).toEqual([slowHeartbeatIntervalMs, heartbeatIntervalMs]);
  });

  test("tells a host that it could not reach before, and one of another kernel even the usual pace", async () => {
    let isConnected = false;
    const usual = host();
    const adopted = host({ isAdopted: true, isConnected: () => isConnected });
    const other = host({ isAdopted: true });
    await waitFor(() => other.paces.length === 1, { what: "the adopted host to be told" });
    expect(adopted.paces).toEqual([]);
    isConnected = true;
    await waitFor(() => adopted.paces.length === 1, { what: "the host that has connected to be told" });
    expect([usual.paces, adopted.paces, other.paces]).toEqual([[], [heartbeatIntervalMs], [heartbeatIntervalMs]]);
  });
});

describe("a heartbeat", () => {
  test("is news while it changes what is known: readiness, or how the service feels", () => {
    const { heartbeat } = host();
    const beat = { type: "heartbeat" } as const;
    const unwell = { ...beat, health: { status: "degraded", message: "slow disk" } } as const;
    expect(heartbeat.receive({ type: "ready", shape: "service", port: 1, took_ms: 1 })).toBe(true);
    expect(heartbeat.receive(beat)).toBe(true);
    expect([heartbeat.ready, heartbeat.receive(beat)]).toEqual([true, false]);
    expect([heartbeat.receive(unwell), heartbeat.receive(unwell)]).toEqual([true, false]);
    expect(heartbeat.receive({ ...beat, health: { status: "degraded", message: "slower" } })).toBe(true);
    expect([heartbeat.receive(beat), heartbeat.receive(beat)]).toEqual([true, false]);
  });
});
