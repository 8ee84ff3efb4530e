import { expect, test } from "bun:test";
import { type OperationName, operations, SoloError } from "../../../src/api/index.ts";
import type { AccessRequest } from "../../../src/kernel/access/index.ts";
import { accessAudit } from "../../../src/kernel/audit.ts";
import { openTrail } from "../../support/audit-model.ts";
import { FaultyFileSystem } from "../../support/faulty-files/index.ts";

function emptyTrail(files = new FaultyFileSystem(1)) {
  files.makeFolder("/data");
  return openTrail(files);
}

const names = Object.keys(operations).filter((name): name is OperationName => Object.hasOwn(operations, name));

function requestFor(operation: OperationName, input: object): AccessRequest {
  const caller = { kind: "owner", request_id: "one" } as const;
  return { caller, operation, permission: "any", tenant: "default", names: ["web"], changes: true, input };
}

test("whatever an operation is given, only names of things are kept", async () => {
  const trail = emptyTrail();
  const audit = accessAudit(trail);
  const secret = "hunter2";
  for (const operation of names) {
    const members = Object.keys("shape" in operations[operation].input ? operations[operation].input.shape : {});
    const given = members.filter((name) => !["key", "id", "secret", "method", "signal"].includes(name));
    const input = Object.fromEntries([...given, "token", "value", "password"].map((name) => [name, secret]));
    await (await audit.begin(requestFor(operation, input))).end(null);
    audit.refused(requestFor(operation, input), new SoloError("forbidden", "not yours"));
  }
  let records = 0;
  for await (const { text } of trail.read({})) {
    expect(text).not.toContain(secret);
    records += 1;
  }
  expect(records).toBeGreaterThan(names.length * 2);
  await trail.close();
});

test("who asks is named, and a token's id, never the token", async () => {
  const trail = emptyTrail();
  const audit = accessAudit(trail);
  const capability = {
    id: "cap1",
    tenant: "acme",
    resource: "tenant",
    permissions: ["operate"],
    holder: null,
    expires_ms: null,
    rates: [],
  };
  const callers = [
    { kind: "capability", request_id: "r1", capability },
    { kind: "service", request_id: "r2", tenant: "acme", name: "api", instance: "api-1", capability },
    { kind: "anonymous", request_id: "r3" },
  ] as const;
  for (const caller of callers) {
    const request = { ...requestFor("kill", {}), caller, tenant: "acme" };
    await (await audit.begin(request)).end(new SoloError("timeout", "it takes long", { applied: "unknown" }));
  }
  const records = await Array.fromAsync(trail.read({ operation: "kill" }), ({ fields }) => fields);
  expect(records.map(({ actor }) => actor)).toEqual([
    ...["capability:cap1", "capability:cap1"],
    ...["service:acme/api", "service:acme/api"],
    ...["anonymous", "anonymous"],
  ]);
  expect(records[3]).toMatchObject({
    capability: "cap1",
    tenant: "acme",
    subject: "acme/web",
    request_id: "r2",
    cause: "instance api-1",
    outcome: "unknown",
    code: "timeout",
  });
  await trail.close();
});

test("a refusal to somebody of another tenant is in the trail of that one's own tenant", async () => {
  const trail = emptyTrail();
  const audit = accessAudit(trail);
  const capability = { id: "cap1", permissions: ["read"], holder: null, expires_ms: null, rates: [] };
  const facts = { ...capability, tenant: "acme", resource: "tenant" };
  const callers = [
    { kind: "capability", request_id: "r1", capability: facts },
    { kind: "service", request_id: "r2", tenant: "acme", name: "api", instance: "api-1", capability: facts },
    { kind: "capability", request_id: "r3", capability: { ...capability, tenant: "acme", resource: "*" } },
  ] as const;
  for (const caller of callers) {
    for (const tenant of ["zebra", null]) {
      audit.refused({ ...requestFor("kill", {}), caller, tenant }, new SoloError("forbidden", "not yours"));
    }
  }
  await (await audit.begin(requestFor("kill", {}))).end(null);
  const records = await Array.fromAsync(trail.read({ operation: "kill" }), ({ fields }) => fields);
  const refusals = records.filter(({ kind }) => kind === "refusal");
  expect(refusals.map(({ request_id, tenant }) => [request_id, tenant])).toEqual([
    ["r1", "acme"],
    ["r1", "acme"],
    ["r2", "acme"],
    ["r2", "acme"],
    ["r3", "zebra"],
    ["r3", null],
  ]);
  await trail.close();
});

test("on a disk that takes nothing, nothing begins but the end of the kernel", async () => {
  const files = new FaultyFileSystem(1);
  const trail = emptyTrail(files);
  const audit = accessAudit(trail);
  files.fail({ on: "write", code: "EIO", times: 1_000 });
  expect(audit.begin(requestFor("deploy", {}))).rejects.toMatchObject({ code: "audit_unavailable", applied: "no" });
  expect(audit.begin(requestFor("kill", {}))).rejects.toMatchObject({ code: "audit_unavailable" });
  await (await audit.begin(requestFor("shutdown", {}))).end(null);
  expect(trail.problem).toContain("EIO");
  await trail.close();
});
