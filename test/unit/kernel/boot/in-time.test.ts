import { expect, test } from "bun:test";
import { inTime } from "../../../../src/kernel/boot/in-time.ts";

test("work that takes too long is hastened once, and its result is the answer", async () => {
  const work = Promise.withResolvers<string>();
  let hastened = 0;
  const answer = inTime(work.promise, 1, () => {
    hastened += 1;
    work.resolve("done");
  });
  expect(await answer).toBe("done");
  expect(hastened).toBe(1);
});

test("work that is done in time is not hastened, and its failure is the caller's", async () => {
  const hasten = () => expect.unreachable();
  expect(await inTime(Promise.resolve(1), 60_000, hasten)).toBe(1);
  expect(inTime(Promise.reject(new Error("no")), 60_000, hasten)).rejects.toThrow("no");
});
