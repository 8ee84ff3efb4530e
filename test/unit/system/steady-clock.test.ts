import { describe, expect, test } from "bun:test";
import { SteadyClock } from "../../../src/system/index.ts";

const hour = 3_600_000;

describe("a steady clock", () => {
  test("follows the machine's forward, and goes on by itself when that is set back", () => {
    const machine = { wall: 1_000 * hour, up: 0 };
    const clock = new SteadyClock({ now: () => machine.wall, monotonic: () => machine.up }, 0);
    const pass = (ms: number) => {
      machine.wall += ms;
      machine.up += ms;
      return clock.now() / hour;
    };
    expect(pass(hour)).toBe(1_001);
    machine.wall += hour;
    expect(pass(hour)).toBe(1_003);
    machine.wall -= 3 * hour;
    expect([pass(0), pass(hour), pass(hour)]).toEqual([1_003, 1_004, 1_005]);
    machine.wall += 3 * hour;
    expect(pass(0)).toBe(1_005);
  });

  test("begins no earlier than at the latest time that was seen before", () => {
    const machine = { wall: hour, up: 0 };
    const clock = new SteadyClock({ now: () => machine.wall, monotonic: () => machine.up }, 2 * hour);
    expect(clock.now()).toBe(2 * hour);
    machine.up += hour;
    expect([clock.now(), clock.monotonic()]).toEqual([3 * hour, hour]);
  });
});
