import { expect } from "bun:test";
import { join } from "node:path";
import { KeyValueStore } from "../../src/store/index.ts";

/** Runs test/fault/fixtures/store-writer.ts in a process of its own, and checks what it left. */

const names = ["one", "two", "three"];

export interface Written {
  /** The last serial of each session that was called acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** `failed CODE then CODE`, if the store failed. */
  readonly failure: string | undefined;
}

export function writerCommand(folder: string, ...more: string[]): string[] {
  return [process.execPath, join(import.meta.dir, "../fault/fixtures/store-writer.ts"), folder, ...more];
}

/** Runs a command that ends in a writer; kills it after so many lines. */
export async function runWriter(command: string[], lines = Number.POSITIVE_INFINITY): Promise<Written> {
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (output.split("\n").length > lines) child.kill("SIGKILL");
  }
  await child.exited;
  return readOutput(output);
}

export function readOutput(output: string): Written {
  const acknowledged = new Map<string, number>();
  // A last line may be incomplete.
  const whole = output.split("\n").slice(0, -1);
  for (const line of whole) {
    const [name = "", serial] = line.split(" ");
    if (names.includes(name)) acknowledged.set(name, Math.max(Number(serial), acknowledged.get(name) ?? 0));
  }
  return { acknowledged, failure: whole.find((line) => line.startsWith("failed ")) };
}

/** Opens what a writer left: all that was acknowledged is there, and every value is what that session wrote last. */
export async function expectWritten(folder: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const store = await KeyValueStore.open(folder, { create: false, memoryBytes: 524_288 });
  for (const name of names) {
    const { serial } = store.session(name);
    expect(serial).toBeGreaterThanOrEqual(acknowledged.get(name) ?? 0);
    for (let key = 0; key < 500; key++) {
      const value = await store.get(`${name}-${key}`);
      expect(value === undefined ? undefined : new TextDecoder().decode(value)).toBe(lastValue(key, serial));
    }
  }
  expect((await store.selfCheck()).damages).toEqual([]);
  await store.close();
}

function lastValue(key: number, serial: number): string | undefined {
  const last = serial - ((serial - key) % 500);
  return last <= 0 || serial < key ? undefined : `${last}:${"x".repeat(last % 300)}`;
}
