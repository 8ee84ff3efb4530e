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
