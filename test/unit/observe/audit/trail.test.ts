import { describe, expect, test } from "bun:test";
import { openTrail, subjectOf } from "../../../support/audit-model.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";

const done = { outcome: "done", code: null, reason: null } as const;

function disk(): FaultyFileSystem {
  const files = new FaultyFileSystem(1);
  files.makeFolder("/data");
  return files;
}

async function recorded(trail: ReturnType<typeof openTrail>, request = {}) {
  return await Array.fromAsync(trail.read(request), ({ fields }) => fields);
}

describe("a trail", () => {
  test("tells who did what, before and after", async () => {
    const trail = openTrail(disk());
    const receipt = await trail.begin(subjectOf(1));
    await receipt.end({ outcome: "failed", code: "start_failed", reason: "it ended" });
    const records = await recorded(trail);
    expect(records).toMatchObject([
      { kind: "segment", sequence: 1 },
      { kind: "begin", sequence: 2, actor: "owner", operation: "deploy", subject: "default/service-1" },
      { kind: "end", sequence: 3, begin: 2, outcome: "failed", code: "start_failed", reason: "it ended" },
    ]);
    await trail.close();
  });

  test("goes on where it ended", async () => {
    const files = disk();
    const first = openTrail(files);
    await first.begin(subjectOf(1));
    await first.close();
    const second = openTrail(files);
    expect((await second.begin(subjectOf(2))).sequence).toBe(3);
    expect(await second.verify()).toMatchObject({ state: "sound", records: 3 });
    await second.close();
  });

  test("is read by who, what, subject, time, place and number", async () => {
    const trail = openTrail(disk());
    for (let index = 0; index < 60; index++)
      await trail.begin({ ...subjectOf(index), actor: `capability:${index % 3}` });
    const subjects = async (request: object) => (await recorded(trail, request)).map(({ subject }) => subject);
    expect(await subjects({ subject: "default/service-7" })).toEqual(["default/service-7"]);
    expect(await subjects({ actor: "capability:1" })).toHaveLength(20);
    expect(await subjects({ actor: "capability:2", tail: 2 })).toEqual(["default/service-56", "default/service-59"]);
    expect(await subjects({ tenant: "other" })).toEqual([]);
    expect(await subjects({ operation: "deploy", after: trail.head?.sequence ?? 0 })).toEqual([]);
    const { time } = (await recorded(trail, { subject: "default/service-50" }))[0] ?? {};
    expect(await subjects({ operation: "deploy", since: time })).toHaveLength(10);
    await trail.close();
  });

  test("is followed", async () => {
    const trail = openTrail(disk());
    await trail.begin(subjectOf(1));
    const seen: unknown[] = [];
    const follow = (async () => {
      for await (const { fields } of trail.read({ operation: "deploy", follow: true })) {
        seen.push(fields.subject);
        if (seen.length === 3) return;
      }
    })();
    await trail.begin(subjectOf(2));
    await trail.refuse({ ...subjectOf(3), operation: "kill" }, { code: "forbidden", reason: "no" });
    await trail.begin(subjectOf(4));
    await follow;
    expect(seen).toEqual(["default/service-1", "default/service-2", "default/service-4"]);
    await trail.close();
  });

  test("keeps no control character and no endless text, and stays one line", async () => {
    const trail = openTrail(disk());
    await trail.begin({ ...subjectOf(1), subject: `a\nb\u0000c\u2028😀${"x".repeat(10_000)}` });
    const [, record] = await recorded(trail);
    expect(String(record?.subject)).toStartWith("a\ufffdb\ufffdc\u2028😀xxx");
    expect(String(record?.subject)).toHaveLength(256);
    expect((await trail.verify()).state).toBe("sound");
    await trail.close();
  });

  test("counts a flood of the same refusal", async () => {
    const files = disk();
    const trail = openTrail(files);
    for (let index = 0; index < 5_000; index++) {
      void trail.refuse(subjectOf(index), { code: "forbidden", reason: "no" });
    }
    await trail.close();
    const again = openTrail(files);
    const counts = (await recorded(again, { operation: "deploy" })).map(({ count }) => Number(count));
    expect(counts).toHaveLength(11);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5_000);
    await again.close();
  });
});

describe("when the disk is full", () => {
  test("what can't be recorded is refused, and what ends something is recorded in the reserve", async () => {
    const files = disk();
    const states: string[] = [];
    const trail = openTrail(files, { onState: (state) => states.push(state) });
    await trail.begin(subjectOf(0));
    files.limit(0);
    let accepted = 0;
    for (let index = 1; index < 40; index++) {
      const receipt = await trail.begin(subjectOf(index)).catch(() => undefined);
      if (receipt !== undefined) accepted += 1;
    }
    // The room that was made ahead is used up first.
    expect(accepted).toBeLessThan(15);
    expect(trail.begin(subjectOf(40))).rejects.toMatchObject({ code: "audit_unavailable", applied: "no" });
    const kill = await trail.begin({ ...subjectOf(41), operation: "kill" }, true);
    await kill.end(done);
    expect((await recorded(trail, { operation: "kill" })).map(({ kind }) => kind)).toEqual(["begin", "end"]);
    expect(trail.problem).toContain("ENOSPC");
    expect((await trail.verify()).state).toBe("sound");

    files.limit(Number.POSITIVE_INFINITY);
    await trail.begin(subjectOf(42));
    expect(trail.problem).toBeNull();
    expect(states).toEqual(["failing", "well"]);
    expect((await trail.verify()).state).toBe("sound");
    await trail.close();
  });

  test("those that share a group with others are recorded all the same", async () => {
    const files = disk();
    const trail = openTrail(files);
    await trail.begin(subjectOf(0));
    files.limit(0);
    const long = { ...subjectOf(1), cause: "x".repeat(250) };
    const all = Array.from({ length: 12 }, (_, index) =>
      trail.begin({ ...long, request_id: `r${index}` }, index % 2 === 0),
    );
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.filter((_, index) => index % 2 === 0).every(({ status }) => status === "fulfilled")).toBe(true);
    expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
    expect((await trail.verify()).state).toBe("sound");
    await trail.close();
  });
});

test.each(["write", "sync"] as const)("an error of a %s leaves nothing of what was refused", async (on) => {
  const files = disk();
  const trail = openTrail(files);
  await trail.begin(subjectOf(0));
  files.fail({ on, code: "EIO", path: "0001.jsonl" });
  expect(trail.begin(subjectOf(1))).rejects.toMatchObject({ code: "audit_unavailable" });
  await trail.begin(subjectOf(2));
  files.fail({ on, code: "EIO", path: "audit.head" });
  expect(trail.begin(subjectOf(3))).rejects.toMatchObject({ code: "audit_unavailable" });
  await trail.begin(subjectOf(4));
  const subjects = (await recorded(trail, { operation: "deploy" })).map(({ subject }) => subject);
  expect(subjects).toEqual(["default/service-0", "default/service-2", "default/service-4"]);
  expect((await trail.verify()).state).toBe("sound");
  await trail.close();
});
