import { describe, expect, spyOn, test } from "bun:test";
import { permissions, SoloError } from "../../../../src/api/index.ts";
import { CapabilityShop } from "../../../support/capability-shop.ts";

const all = { tenant: "default", resource: "*", permissions };

function failure(work: () => unknown): Pick<SoloError, "code" | "message"> {
  try {
    work();
  } catch (error) {
    const { code, message } = SoloError.from(error);
    return { code, message };
  }
  throw new Error("it was let through");
}

describe("a token", () => {
  test("has 32 random bytes, is shown once, and only its hash is kept", () => {
    const shop = new CapabilityShop();
    const { token, capability } = shop.capabilities.grant(all);
    expect(token).toMatch(/^solo_cap_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(token.slice("solo_cap_".length), "base64url")).toHaveLength(32);
    const [kept] = shop.table.all();
    expect(kept?.hash).toHaveLength(32);
    expect(JSON.stringify({ ...kept, hash: Buffer.from(kept?.hash ?? []).toString("latin1") })).not.toContain(token);
    expect(JSON.stringify(capability.facts)).not.toContain(token);
    expect(new Set(Array.from({ length: 1_000 }, () => shop.capabilities.grant(all).token)).size).toBe(1_000);
  });

  test("of another tenant is not valid, in the words of one that there is not", () => {
    const shop = new CapabilityShop();
    const { token } = shop.capabilities.grant({ ...all, tenant: "acme", resource: "tenant" });
    const unknown = failure(() => shop.capabilities.authenticate(`solo_cap_${"A".repeat(43)}`, "default"));
    expect(failure(() => shop.capabilities.authenticate(token, "default"))).toEqual(unknown);
    expect(shop.capabilities.authenticate(token, "acme").tenant).toBe("acme");
  });

  test("tells its bearer that it was revoked or has expired, and when", () => {
    const shop = new CapabilityShop();
    const short = shop.capabilities.grant({ ...all, ttlMs: 1_000 });
    const revoked = shop.capabilities.grant(all);
    shop.capabilities.revoke(revoked.capability);
    shop.clock.pass(1_000);
    const { capabilities } = shop;
    expect(failure(() => capabilities.authenticate(short.token)).message).toBe(
      `the capability ${short.capability.id} expired at 2026-11-21T00:00:01.000Z`,
    );
    expect(failure(() => capabilities.authenticate(revoked.token)).message).toContain(
      "was revoked at 2026-11-21T00:00",
    );
    expect(shop.expired).toEqual([short.capability.id]);
  });

  test("that has expired is forgotten after a day, and refused as any unknown one", () => {
    const shop = new CapabilityShop();
    const { token } = shop.capabilities.grant({ ...all, ttlMs: 1_000 });
    shop.clock.pass(2 * 86_400_000);
    shop.capabilities.grant(all);
    expect(shop.table.all()).toHaveLength(1);
    expect(failure(() => shop.capabilities.authenticate(token))).toMatchObject({
      code: "unauthenticated",
      message: "the token is not valid here",
    });
  });
});

describe("time", () => {
  test("that is set back neither revives a token nor makes one last longer", () => {
    const shop = new CapabilityShop();
    const { token } = shop.capabilities.grant({ ...all, ttlMs: 60_000 });
    shop.clock.jump(-3_600_000);
    shop.clock.pass(59_000);
    expect(shop.isValid(token)).toBe(true);
    shop.clock.pass(1_000);
    expect(shop.isValid(token)).toBe(false);
    shop.clock.jump(-86_400_000);
    shop.reopen();
    expect(shop.isValid(token)).toBe(false);
  });

  test("that jumps forward expires at once, and a stream is told within a second", async () => {
    const shop = new CapabilityShop();
    const { capability } = shop.capabilities.grant({ ...all, ttlMs: 60_000 });
    const ended = new Promise<void>((resolve) => shop.capabilities.onEnd(capability.id, resolve));
    shop.clock.jump(60_000);
    await ended;
    shop.capabilities.close();
  });
});

describe("revocation", () => {
  test("is kept whatever fraction of a millisecond the time goes on by", () => {
    const shop = new CapabilityShop();
    const { capability, token } = shop.capabilities.grant(all);
    shop.clock.elapsed += 0.7;
    expect(shop.capabilities.revoke(capability)).toHaveLength(1);
    shop.reopen();
    expect(shop.isValid(token)).toBe(false);
  });

  test("ends the whole subtree at once, and tells who goes on by it", () => {
    const shop = new CapabilityShop();
    const { capabilities } = shop;
    const root = capabilities.grant(all);
    const child = capabilities.narrow(root.capability, { permissions: ["read"] });
    const grandchild = capabilities.narrow(child.capability, { holder: "alice" });
    const sibling = capabilities.narrow(root.capability, {});
    const told: string[] = [];
    for (const { id } of [child.capability, grandchild.capability, sibling.capability]) {
      capabilities.onEnd(id, () => told.push(id));
    }
    const ended = capabilities.revoke(child.capability).map(({ id }) => id);
    expect(ended).toEqual([child.capability.id, grandchild.capability.id]);
    expect(told).toEqual(ended);
    expect([root, child, grandchild, sibling].map(({ token }) => shop.isValid(token))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(capabilities.revoke(child.capability)).toEqual([]);
    expect(failure(() => capabilities.narrow(child.capability, {})).code).toBe("unauthenticated");
  });
});

describe("an instance's token", () => {
  test("ends with the instance, with all that came from it, and leaves nothing", () => {
    const shop = new CapabilityShop();
    const ref = { tenant: "default", name: "api" };
    const own = shop.capabilities.grantInstance(ref, "api-1", ["read", "call"]);
    const child = shop.capabilities.narrow(own.capability, { permissions: ["call:list"] });
    shop.reopen();
    expect([own, child].map(({ token }) => shop.isValid(token))).toEqual([true, true]);
    shop.capabilities.keepInstances(new Set());
    expect([own, child].map(({ token }) => shop.isValid(token))).toEqual([false, false]);
    expect(shop.table.all()).toEqual([]);
  });

  test("a kernel that knows all instances with a token loads no capability for that; one that does not ends theirs", () => {
    const shop = new CapabilityShop();
    const ref = { tenant: "default", name: "api" };
    const kept = shop.capabilities.grantInstance(ref, "api-1", ["read"]);
    const other = shop.capabilities.grantInstance(ref, "api-2", ["read"]);
    shop.reopen();
    const loading = spyOn(shop.table, "all");
    shop.capabilities.keepInstances(new Set(["api-1", "api-2"]));
    expect(loading).not.toHaveBeenCalled();
    shop.capabilities.keepInstances(new Set(["api-1"]));
    expect([shop.isValid(kept.token), shop.isValid(other.token)]).toEqual([true, false]);
    shop.reopen();
    expect([shop.isValid(kept.token), shop.isValid(other.token)]).toEqual([true, false]);
  });

  test("is another one after a restart: the former is refused", () => {
    const shop = new CapabilityShop();
    const ref = { tenant: "default", name: "api" };
    const first = shop.capabilities.grantInstance(ref, "api-1", ["read"]);
    const second = shop.capabilities.grantInstance(ref, "api-1", ["read"]);
    expect([first, second].map(({ token }) => shop.isValid(token))).toEqual([false, true]);
  });
});

describe("what a service holds", () => {
  test("it may use without a token, on what it is for and until it is revoked", () => {
    const shop = new CapabilityShop();
    const { capabilities } = shop;
    const shopService = { tenant: "default", name: "shop" };
    const mailer = { tenant: "default", resource: "service:mailer" };
    const granted = capabilities.grant({ ...mailer, permissions: ["call:send"], holder: "service:shop" });
    expect(capabilities.isHeld(shopService, mailer, "call:send")).toBe(true);
    expect(capabilities.isHeld(shopService, mailer, "call:purge")).toBe(false);
    expect(capabilities.isHeld({ tenant: "acme", name: "shop" }, mailer, "call:send")).toBe(false);
    expect(capabilities.isHeld(shopService, { tenant: "default", resource: "service:api" }, "call:send")).toBe(false);
    capabilities.revoke(granted.capability);
    expect(capabilities.isHeld(shopService, mailer, "call:send")).toBe(false);
  });
});

describe("bounds", () => {
  test("generations and descendants are limited, so that no holder fills the memory", () => {
    const shop = new CapabilityShop();
    let last = shop.capabilities.grant(all);
    for (let generation = 1; generation < 16; generation++) last = shop.capabilities.narrow(last.capability, {});
    expect(failure(() => shop.capabilities.narrow(last.capability, {})).code).toBe("limit_exceeded");
  });
});
