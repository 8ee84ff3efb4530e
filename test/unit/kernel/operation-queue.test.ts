import { expect, test } from "bun:test";
import { OperationQueue } from "../../../src/kernel/operation-queue.ts";

test("operations run one after the other, also after one that failed", async () => {
  const queue = new OperationQueue();
  const order: string[] = [];
  const first = queue.run(async () => {
    await Promise.resolve();
    order.push("first");
    throw new Error("failed");
  });
  const second = queue.run(async () => void order.push("second"));
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(order).toEqual(["first", "second"]);
  expect(queue.busy).toBe(false);
});

test("a preempting operation aborts the one that runs and those that wait", async () => {
  const queue = new OperationQueue();
  const running = queue.run(
    (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  let waited = false;
  const waiting = queue.run(async () => {
    waited = true;
  });
  const kill = queue.run(async () => "killed", true);
  await expect(running).rejects.toMatchObject({ code: "conflict" });
  await expect(waiting).rejects.toMatchObject({ code: "conflict" });
  expect(await kill).toBe("killed");
  expect(waited).toBe(false);
});

test("who asks for a stop gets it, even when others ask as well", async () => {
  const queue = new OperationQueue();
  const { promise: blocked, resolve: release } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const running = queue.run(() => {
    begun.resolve();
    return blocked;
  });
  await begun.promise;
  const stops = [1, 2, 3].map((turn) => queue.run(async () => turn, true));
  release();
  await running;
  expect(await Promise.all(stops)).toEqual([1, 2, 3]);
});

test("a closed queue ends what runs and waits, and takes only stops", async () => {
  const queue = new OperationQueue();
  const running = queue.run(
    (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const waiting = queue.run(async () => "never");
  queue.close();
  await expect(running).rejects.toMatchObject({ code: "conflict" });
  await expect(waiting).rejects.toMatchObject({ code: "conflict" });
  await expect(queue.run(async () => "too late")).rejects.toMatchObject({ code: "unreachable" });
  expect(await queue.run(async () => "stopped", true)).toBe("stopped");
});

test("tells when nothing is left to do, and not before", async () => {
  const told: boolean[] = [];
  const queue = new OperationQueue(() => told.push(queue.busy));
  await Promise.all([queue.run(async () => "one"), queue.run(async () => "two")]);
  await queue.run(async () => "three");
  expect(told).toEqual([false, false]);
});
