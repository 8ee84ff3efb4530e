import { expect, test } from "bun:test";
import type { DeployProgress } from "../../../../src/api/index.ts";
import { Access } from "../../../../src/kernel/access/index.ts";
import { accessAudit } from "../../../../src/kernel/audit.ts";
import { openTrail } from "../../../support/audit-model.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { sampleApi } from "../../gateway/sample-api.ts";

const owner = { kind: "owner", request_id: "one" } as const;
const request = { services: [{ name: "web", spec: { kind: "source", path: "/web.ts" } }] } as const;

/** A deploy over a real trail: what it does, in order, and what its caller is told. */
function deploying() {
  const files = new FaultyFileSystem(1);
  files.makeFolder("/data");
  const trail = openTrail(files);
  const done: string[] = [];
  const phase = { type: "phase", time: "", service: "web", message: "", ready: 0, replicas: 1 } as const;
  const access = new Access({
    audit: accessAudit(trail),
    api: (_, recorded) =>
      sampleApi({
        async *deploy(): AsyncGenerator<DeployProgress> {
          done.push("prepares");
          yield { ...phase, phase: "build" };
          await recorded;
          done.push("changes");
          yield { ...phase, phase: "ready" };
        },
      }),
  });
  const progress = Array.fromAsync(access.apiFor(owner).deploy({ ...request, services: [...request.services] }));
  return { files, trail, done, progress };
}

test("a deploy prepares while its begin is being recorded, and is told of after", async () => {
  const { trail, done, progress } = deploying();
  expect((await progress).map((element) => "phase" in element && element.phase)).toEqual(["build", "ready"]);
  expect(done).toEqual(["prepares", "changes"]);
  const records = await Array.fromAsync(trail.read({ operation: "deploy" }), ({ fields }) => fields.kind);
  expect(records).toEqual(["begin", "end"]);
  await trail.close();
});

test("one that can't be recorded tells nothing and changes nothing", async () => {
  const { files, trail, done, progress } = deploying();
  files.fail({ on: "write", code: "EIO", times: 1_000 });
  expect(await progress.catch((error: unknown) => error)).toMatchObject({ code: "audit_unavailable", applied: "no" });
  expect(done).not.toContain("changes");
  await trail.close();
});
