import { expect, setDefaultTimeout, test } from "bun:test";
import { Daemon, gone } from "../support/index.ts";

setDefaultTimeout(60_000);

async function lastEnd(daemon: Daemon): Promise<string> {
  const { checks } = await daemon.client.health({});
  return checks.find(({ name }) => name === "last_end")?.message ?? "";
}

async function startEvents(daemon: Daemon) {
  return (await daemon.events()).filter(({ event }) => event === "kernel_started").map(({ data }) => data);
}

test("every start tells how the kernel before it ended, and why when anybody knows", async () => {
  await using daemon = await Daemon.start();
  expect(await lastEnd(daemon)).toBe("this is the first kernel here");

  // SIGTERM is an order, and what it leaves is clean; the record of it is in the audit trail.
  const first = await daemon.kernel();
  process.kill(first, "SIGTERM");
  await gone(first);
  await daemon.start();
  expect(await lastEnd(daemon)).toMatch(/^clean \(2\d{3}-.*Z\)$/);
  const orders = [];
  for await (const { request_id, kind, outcome } of daemon.client.auditAll({ operation: "shutdown" })) {
    orders.push([request_id, kind, outcome]);
  }
  expect(orders).toEqual([
    ["SIGTERM", "begin", null],
    ["SIGTERM", "end", "done"],
  ]);

  await startEvents(daemon);
  await daemon.crashKernel();
  expect(await lastEnd(daemon)).toMatch(/^not clean: it was ended by SIGKILL \(2.*Z\); everything acknowledged was/);

  // Reading events makes them durable: those of the last milliseconds go with a kernel that is killed.
  await startEvents(daemon);
  await daemon.replaceBoth();
  expect(await lastEnd(daemon)).toContain("nobody saw how");
  expect(await startEvents(daemon)).toMatchObject([
    { pid: first },
    { last_end: "clean", last_end_reason: "it stopped in order" },
    { last_end: "unclean", last_end_reason: "it was ended by SIGKILL" },
    { last_end: "unclean" },
  ]);
  const doctor = await daemon.env.run(["doctor"]);
  expect(doctor.stdout).toContain("not clean: it ended without having stopped");
});
