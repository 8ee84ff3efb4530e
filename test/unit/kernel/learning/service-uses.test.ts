import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ServiceUses } from "../../../../src/kernel/learning/index.ts";
import { Recorders } from "../../../../src/security/learning/index.ts";
import { Poller, readStat } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
const poller = new Poller();
afterAll(() => poller.close());
const ref = { tenant: "default", name: "shop" };
const to = (name: string) => ({ tenant: "default", name });

/** As a kernel finds them that takes instances over: this process stands for the instance's and for its recorder. */
function recorders(...instances: string[]): Recorders {
  const running = join(root, "running");
  mkdirSync(running, { recursive: true });
  const own = { pid: process.pid, startTime: readStat(process.pid)?.startTime ?? 0 };
  for (const id of instances) {
    writeFileSync(join(running, `${id}.json`), JSON.stringify({ revision: "r1", recorder: own, process: own }));
  }
  const all = new Recorders({ records: join(root, "uses"), running, self: [], poller, onLost: () => undefined });
  all.takeOver(new Set(instances));
  return all;
}

test("what a recorded instance asks for is kept for the next kernel, of any other nothing is", () => {
  const uses = new ServiceUses(recorders("shop-1"));
  uses.called(ref, "shop-1", to("mailer"), "send");
  uses.called(ref, "shop-1", to("bank"), "pay");
  uses.called(ref, "shop-1", to("mailer"), "send");
  uses.called(ref, "shop-1", to("shop"), "itself");
  uses.called(ref, "shop-2", to("other"), "method");
  uses.operated(ref, "shop-1", "status");
  const known = { calls: ["bank.pay", "mailer.send"], operations: ["status"], state: false };
  expect(uses.of(ref, "r1")).toEqual(known);
  uses.usedState(ref, "shop-1");
  uses.usedState(ref, "shop-2");
  const next = new ServiceUses(recorders("shop-1"));
  expect(next.of(ref, "r1")).toEqual({ ...known, state: true });
  expect(next.of(ref, "r2")).toEqual({ calls: [], operations: [], state: false });
  expect(next.of(to("bank"), "r1")).toEqual({ calls: [], operations: [], state: false });
});

test("there is a bound, and a service that was removed and deployed again begins anew", () => {
  const calls = Array.from({ length: 999 }, (_, method) => `mailer.method${method}`);
  const folder = join(root, "uses/default/shop");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "r1.api"), JSON.stringify({ calls, operations: [], state: false }));
  const uses = new ServiceUses(recorders("shop-1"));
  for (const method of ["one", "two", "three"]) uses.called(ref, "shop-1", to("bank"), method);
  expect(uses.of(ref, "r1").calls).toHaveLength(1_000);
  rmSync(join(root, "uses"), { recursive: true });
  expect(uses.of(ref, "r1").calls).toEqual([]);
  uses.called(ref, "shop-1", to("mailer"), "send");
  expect(uses.of(ref, "r1").calls).toEqual(["mailer.send"]);
});
