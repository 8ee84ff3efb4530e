import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type TenantHost,
  TenantLimits,
  type TenantMember,
  type TenantQuota,
} from "../../../../src/supervise/limits/tenant-limits.ts";
import { HandClock } from "../../../support/hand-clock.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { waitFor } from "../../../support/wait-for.ts";

const instanceOf = (tenant: string, name: string) => ({ id: `${name}-1`, plan: { ref: { tenant, name } } });
type Instance = ReturnType<typeof instanceOf>;

/** Quotas over instances that are only told of, and what is done about them. */
function watch(quotas: Readonly<Record<string, TenantQuota>>) {
  const clock = new HandClock();
  const folder = temporaryFolder();
  const shares = new Map<string, number>();
  const done: string[] = [];
  const host: TenantHost<Instance> = {
    quotaOf: (tenant) => quotas[tenant],
    foldersOfTenant: () => [folder],
    foldersOf: ({ plan }) => [join(folder, plan.ref.name)],
    shareOf: ({ id }) => shares.get(id),
    setShare: ({ id }, share) => (share < 1 ? shares.set(id, share) : shares.delete(id)),
    putDown: ({ id }, reason) => done.push(`${id}: ${reason}`),
    tell: (tenant, event, { resource, current, limit }) =>
      done.push(`${tenant} ${event} ${resource} ${current}/${limit}`),
  };
  const limits = new TenantLimits(clock, host);
  const round = (...members: TenantMember<Instance>[]) => {
    clock.pass(1_000);
    limits.round(members);
    return done.splice(0);
  };
  return { clock, folder, shares, done, limits, round };
}

function uses(tenant: string, name: string, memoryBytes: number, cores = 0): TenantMember<Instance> {
  return { instance: instanceOf(tenant, name), used: { memoryBytes, cpuCores: cores, averageCores: cores } };
}

test("memory: told at 80 % and over the quota, each once; the largest is ended, no more than one in three seconds", () => {
  const { round, limits } = watch({ acme: { memoryBytes: 100 } });
  expect(round(uses("acme", "a", 40), uses("acme", "b", 30))).toEqual([]);
  expect(round(uses("acme", "a", 50), uses("acme", "b", 30))).toEqual(["acme tenant_warning memory 80/100"]);
  expect(round(uses("acme", "a", 50), uses("acme", "b", 30))).toEqual([]);
  const [told, ended] = round(uses("acme", "a", 50), uses("acme", "b", 60), uses("zebra", "z", 500));
  expect(told).toBe("acme tenant_violation memory 110/100");
  expect(ended).toStartWith("b-1: tenant acme uses more than its quota of memory (110 > 100)");
  expect(round(uses("acme", "a", 50), uses("acme", "b", 60))).toEqual([]);
  expect(round(uses("acme", "a", 50), uses("acme", "b", 60))).toEqual([]);
  expect(round(uses("acme", "a", 80), uses("acme", "b", 60))).toEqual([expect.stringMatching(/^a-1/)]);
  expect(limits.usageOf("acme")).toMatchObject({ memoryBytes: 140, diskBytes: null });
  round();
  expect(limits.usageOf("acme").memoryBytes).toBe(0);
});

test("processor: the busiest is slowed down as far as it must be, and let go again when all need less", () => {
  const { round, shares } = watch({ acme: { cpuCores: 1 } });
  expect(round(uses("acme", "a", 0, 0.5), uses("acme", "b", 0, 1.5))).toEqual(["acme tenant_violation cpu 2/1"]);
  expect([...shares]).toEqual([["b-1", (1.5 - 1) / 1.5]]);
  round(uses("acme", "a", 0, 0.5), uses("acme", "b", 0, 0.5));
  expect(shares.size).toBe(1);
  for (let again = 0; again < 6; again++) round(uses("acme", "a", 0, 0.3), uses("acme", "b", 0, 0.4));
  expect(shares.size).toBe(0);
});

test("disk: what a look at the folders finds ends an instance of the service that takes most", async () => {
  const { round, folder, done, limits } = watch({ acme: { diskBytes: 100_000 } });
  for (const name of ["a", "b"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "file"), "x".repeat(name === "a" ? 40_000 : 90_000));
  }
  round(uses("acme", "a", 0), uses("acme", "b", 0));
  await waitFor(() => done.length === 2 || undefined, { what: "the look at the folders" });
  expect(done).toEqual([expect.stringMatching(/^acme tenant_violation disk /), expect.stringMatching(/^b-1: /)]);
  expect(limits.usageOf("acme").diskBytes).toBeGreaterThanOrEqual(130_000);
});
