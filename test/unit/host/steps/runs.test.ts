import { expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/error.ts";
import { unpack } from "../../../../src/api/message-pack.ts";
import { ServiceSteps, StepRequests } from "../../../../src/host/steps/index.ts";
import { Workshop } from "../../state/steps/workshop.ts";

test("a failure that a kernel hears of late takes the run from nobody who has begun it again", async () => {
  const workshop = await Workshop.open();
  const asked: string[] = [];
  const outage = Promise.withResolvers<void>();
  const request = async (operation: string, input: unknown) => {
    asked.push(operation);
    const isLost = operation === "run.abandon" && asked.filter((one) => one === operation).length === 1;
    if (isLost) {
      await outage.promise;
      throw new SoloError("unreachable", "the kernel did not answer in time");
    }
    return workshop.ask(operation, Object(input));
  };
  const steps = new ServiceSteps(new StepRequests({ request }, new AbortController().signal));
  const failing = steps.run("order-1", () => {
    throw new Error("out of stock");
  });
  await expect(failing).rejects.toThrow("out of stock");
  const working = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const again = steps.run("order-1", async () => {
    begun.resolve();
    await working.promise;
  });
  outage.resolve();
  await begun.promise;
  await workshop.ask("run.list", {});
  const record: unknown = unpack(workshop.state?.get("meta", "run-begun/order-1")?.value ?? new Uint8Array());
  expect(record).toMatchObject({ owner: "shop-1/100" });
  expect(asked).toEqual(["run.begin", "run.abandon", "run.abandon", "run.begin"]);
  working.resolve();
  await again;
});
