import { expect, test } from "bun:test";
import { pack } from "../../../src/api/message-pack.ts";
import { StepsOfServices } from "../../../src/kernel/service-steps.ts";
import { ServiceStates } from "../../../src/state/index.ts";
import { systemClock } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const ref = { tenant: "default", name: "shop" };

test("a kernel that closes declares no process dead: what it lets go of lives on", async () => {
  const states = new ServiceStates({ folder: temporaryFolder(), clock: systemClock });
  let pid: number | null = 100;
  const services = new StepsOfServices({
    clock: systemClock,
    open: (service) => states.open(service),
    budgetOf: () => ({}),
    pidOf: () => pid,
  });
  const steps = await services.open(ref);
  const effect = { run: "order-1", id: "charge" };
  await steps.handle("effect.begin", { ...effect, token: "t", cost: {} }, { instance: "shop-1", process: "100.a" });
  services.close();
  pid = null;
  const listed = await Array.fromAsync(steps.effects());
  expect(listed.map(({ record }) => record.state)).toEqual(["pending"]);
  const outcome = { state: "done", result: pack([1]), spent: {}, elapsed_ms: 1 };
  await steps.handle("effect.finish", { ...effect, token: "t", outcome }, { instance: "shop-1", process: "100.a" });
  await states.closeAll();
});
