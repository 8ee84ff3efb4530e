import { afterAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { SoloError, serviceSpecSchema } from "../../../../src/api/index.ts";
import { type KernelDatabase, openDatabase, type StoredInstance } from "../../../../src/kernel/database/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const folder = temporaryFolder();
let database: KernelDatabase;
let count = 0;

beforeEach(() => {
  database?.close();
  database = openDatabase(join(folder, `${++count}.db`));
});
afterAll(() => database.close());

const ref = { tenant: "default", name: "api" };
const spec = serviceSpecSchema.parse({ kind: "source", path: "/app/api.ts" });
const service = {
  ref,
  revision: "r1",
  desired: "running",
  replicas: 2,
  serves: true,
  created: 10,
  updated: 10,
} as const;
const revision = {
  ref,
  id: "r1",
  spec,
  digest: "d1",
  entry: "/a",
  command: ["x", "y"],
  mentionsPort: true,
  created: 1,
};
const instance: StoredInstance = {
  id: "api-1",
  ref,
  revision: "r1",
  state: "ready",
  pid: 5,
  startTime: 6,
  bootId: "b",
  port: 7,
  serves: true,
  shape: "service",
  key: "k",
  started: 8,
  restarts: 0,
};

test("a service is listed by tenant, replaced without losing when it was created, and removed", () => {
  const other = { ...service, ref: { tenant: "team", name: "api" } };
  database.services.save(service);
  database.services.save(other);
  database.services.save({ ...service, desired: "stopped", created: 99, updated: 20 });
  const changed = { ...service, desired: "stopped", updated: 20 };
  expect(database.services.get(ref)).toEqual(changed as typeof service);
  expect(database.services.list("team")).toEqual([other]);
  expect(database.services.list()).toHaveLength(2);
  database.services.remove(ref);
  expect(database.services.get(ref)).toBeUndefined();
});

test("a service has one rollout: the latest", () => {
  const rollout = { ref, revision: "r1", replicas: 3, accepted: 5 };
  database.rollouts.save(rollout);
  database.rollouts.save({ ...rollout, revision: "r2" });
  expect(database.rollouts.list()).toEqual([{ ...rollout, revision: "r2" }]);
  database.rollouts.remove(ref);
  expect(database.rollouts.list()).toEqual([]);
});

test("a revision keeps its content; deploying it again makes it the newest", () => {
  database.revisions.save(revision);
  database.revisions.save({ ...revision, id: "r2", digest: "d2", created: 2 });
  database.revisions.save({ ...revision, digest: "changed", created: 3 });
  expect(database.revisions.list(ref).map(({ id }) => id)).toEqual(["r1", "r2"]);
  expect(database.revisions.get(ref, "r1")).toEqual({ ...revision, created: 3 });
  expect(database.revisions.digests()).toEqual(new Set(["d1", "d2"]));
  database.revisions.remove(ref, "r1");
  expect(database.revisions.get(ref, "r1")).toBeUndefined();
});

test("an instance is kept with and without a process", () => {
  database.instances.save({ ...instance, pid: null, startTime: null });
  expect(database.instances.list(ref)).toEqual([{ ...instance, pid: null, startTime: null }]);
  database.instances.save(instance);
  expect(database.instances.list()).toEqual([instance]);
  database.instances.remove(instance.id);
  expect(database.instances.list(ref)).toEqual([]);
});

test("writing an instance leaves the database durable for everything else, within a transaction too", () => {
  database.transaction(() => database.instances.save(instance));
  database.instances.save({ ...instance, id: "api-2" });
  expect(database.instances.list()).toHaveLength(2);
  expect(database.handle.query("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
});

test("a group is kept with its order of services", () => {
  const group = { tenant: "default", name: "web", strategy: "rest_for_one" as const, services: ["db", "api"] };
  database.groups.save(group);
  expect(database.groups.list("default")).toEqual([group]);
  expect(database.groups.list("team")).toEqual([]);
  database.groups.remove("default", "web");
  expect(database.groups.list()).toEqual([]);
});

test("a record that makes no sense is named, not passed on", () => {
  database.revisions.save(revision);
  database.handle.run(`UPDATE revisions SET spec = '{"kind":"none"}'`);
  const error = thrownBy(() => database.revisions.get(ref, "r1"));
  expect(error).toBeInstanceOf(SoloError);
  expect(error).toMatchObject({ code: "storage_corrupt", message: expect.stringContaining("default/api/r1") });
});

function thrownBy(attempt: () => unknown): unknown {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}
