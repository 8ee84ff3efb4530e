import { Database } from "bun:sqlite";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Caller, permissions } from "../../src/api/index.ts";
import { authorize } from "../../src/kernel/access/authorize.ts";
import { capabilityAuthority } from "../../src/kernel/capabilities.ts";
import { migrations } from "../../src/kernel/database/schema.ts";
import { Capabilities, capabilityTable, type Issued } from "../../src/security/capability/index.ts";
import { systemClock } from "../../src/system/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, peerRow, plainRow, type Row } from "./support/row.ts";
import { median, percentile } from "./support/statistics.ts";

const wantedUs = 5;
const live = 100_000;
const hour = 3_600_000;

export const capability: Bench = {
  name: "capability",
  summary:
    "One check of a token among 100,000 live ones, each with an expiry, every other one narrowed from another: its hash, the comparison, revocation, expiry, tenant, resource and permission. Tokens come in random order; each check is timed by itself, the clock's own cost included. Beside it the check of a signed token that nobody can revoke (JWT, HS256, `node:crypto`), whose signature and claims are looked at.",
  peers: [],
  async run({ quick, note }) {
    const runs = quick ? 1 : 5;
    const checks = quick ? 20_000 : 100_000;
    const database = new Database(":memory:", { strict: true });
    for (const step of migrations) database.run(step);
    const table = capabilityTable(database);
    note(`granting ${live} capabilities`);
    const tokens = grantAll(new Capabilities({ table, clock: systemClock }));
    const started = performance.now();
    const capabilities = new Capabilities({ table, clock: systemClock });
    capabilities.authenticate(tokens[0] ?? "");
    const loadMs = performance.now() - started;
    const authority = capabilityAuthority(capabilities, () => false);
    const jwts = tokens.slice(0, 10_000).map((_, index) => signed(index));
    const solo: number[] = [];
    const peer: number[] = [];
    const middle: number[] = [];
    const check = (token: string) => {
      const caller = authority.callerOf(token, "bench");
      authorize(requestOf(caller), authority);
      if (caller.kind === "capability") authority.use(caller.capability.id);
    };
    timed(tokens, checks, check);
    timed(jwts, checks, verified);
    for (let run = 0; run < runs; run++) {
      note(`run ${run + 1}`);
      const times = timed(tokens, checks, check);
      solo.push(percentile(times, 99));
      middle.push(percentile(times, 50));
      peer.push(percentile(timed(jwts, checks, verified), 99));
    }
    const p99 = { name: "a check among 100,000 live tokens, p99", unit: "µs", better: "lower" } as const;
    const rows: Row[] = [
      askedRow(p99, median(solo), wantedUs, runs),
      peerRow(p99, solo, { name: "JWT, HS256", values: peer }),
      plainRow({ ...p99, name: "the same, p50" }, median(middle), runs),
      plainRow({ name: "loading 100,000 at the first check", unit: "ms", better: "lower" }, loadMs, 1),
    ];
    capabilities.close();
    database.close();
    return rows;
  },
};

function grantAll(capabilities: Capabilities): string[] {
  const tokens: string[] = [];
  let last: Issued | undefined;
  for (let index = 0; index < live; index++) {
    const isChild = index % 2 === 1 && last !== undefined;
    const wanted = { tenant: "default", resource: "service:api", permissions, ttlMs: hour };
    last =
      isChild && last !== undefined
        ? capabilities.narrow(last.capability, { permissions: ["read"], ttlMs: hour / 2 })
        : capabilities.grant(wanted);
    tokens.push(last.token);
  }
  return tokens;
}

function requestOf(caller: Caller) {
  return {
    caller,
    operation: "status",
    permission: "read",
    tenant: "default",
    names: ["api"],
    changes: false,
    input: {},
  } as const;
}

/** Microseconds of each. */
function timed(tokens: readonly string[], count: number, check: (token: string) => unknown): number[] {
  const order = Array.from({ length: count }, () => tokens[Math.floor(Math.random() * tokens.length)] ?? "");
  const times: number[] = [];
  for (const token of order) {
    const begin = performance.now();
    check(token);
    times.push((performance.now() - begin) * 1_000);
  }
  return times;
}

const secret = randomBytes(32);

function signed(index: number): string {
  const claims = {
    sub: `cap-${index}`,
    exp: Date.now() + hour,
    tenant: "default",
    resource: "service:api",
    permissions,
  };
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  return [...parts, createHmac("sha256", secret).update(parts.join(".")).digest("base64url")].join(".");
}

function verified(token: string): boolean {
  const [head = "", claims = "", signature = ""] = token.split(".");
  const wanted = createHmac("sha256", secret).update(`${head}.${claims}`).digest();
  if (!timingSafeEqual(wanted, Buffer.from(signature, "base64url"))) throw new Error("a wrong signature");
  const { exp, tenant, permissions: allowed } = JSON.parse(Buffer.from(claims, "base64url").toString());
  return exp > Date.now() && tenant === "default" && allowed.includes("read");
}
