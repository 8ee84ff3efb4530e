import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { WhyDocument } from "../../src/api/index.ts";
import { Daemon, failure, gone, waitFor } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** What people and programs are told, with what differs from run to run replaced. */
async function expectWhy(service: string, golden: string): Promise<void> {
  const text = await daemon.env.run(["why", service]);
  const json = await daemon.env.run(["why", service, "--json"]);
  expect(text.code).toBe(0);
  expectGolden(`why/${golden}.txt`, `${normalizedText(text.stdout)}\n`);
  const document = JSON.parse(normalizedJson(normalizedText(json.stdout), daemon.env.root));
  expectGolden(`why/${golden}.json`, `${JSON.stringify(document, undefined, 2)}\n`);
}

function normalizedText(text: string): string {
  return text
    .trimEnd()
    .replaceAll(daemon.env.root, "<root>")
    .replaceAll(/\b([a-z-]+)-[0-9a-f]{6}\b/g, "$1-<id>")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "<revision>")
    .replaceAll(/\brevision [0-9a-f]{12}\b/g, "revision <revision>")
    .replaceAll(/\breplace [0-9a-f]{12}\b/g, "replace <revision>")
    .replaceAll(/\bprocess \d+/g, "process <pid>")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>")
    .replaceAll(/ +((\d+(ms|s|m|h) ?)+ ago|now) {2}/g, "  <when>  ");
}

function why(name: string): Promise<WhyDocument> {
  return daemon.client.why({ name });
}

async function pidOf(name: string): Promise<number> {
  return (await daemon.status(name)).instances[0]?.pid ?? 0;
}

/** Restarted and well again. */
function restarted(name: string, former: number) {
  return daemon.until(name, (now) => now.state === "ready" && now.instances[0]?.pid !== former);
}

test("nothing happened yet", async () => {
  await daemon.deploy({ calm: daemon.shell("exec sleep 1000") });
  await expectWhy("calm", "nothing");
});

test("a crash by an exit code", async () => {
  const mark = daemon.env.write("notes/crash-code", "");
  const script = `test -e ${mark} && { sleep 0.3; rm ${mark}; exit 3; }; exec sleep 1000`;
  await daemon.deploy({ "exit-code": daemon.shell(script) });
  await daemon.until("exit-code", (now) => now.restarts === 1 && now.state === "ready");
  await expectWhy("exit-code", "exit-code");
});

test("a crash by a signal", async () => {
  await daemon.deploy({ signalled: daemon.shell("exec sleep 1000") });
  const pid = await pidOf("signalled");
  process.kill(pid, "SIGSEGV");
  await restarted("signalled", pid);
  await expectWhy("signalled", "signal");
});

test("a liveness probe that failed", async () => {
  const well = daemon.env.write("well", "");
  const command = ["test", "-e", well];
  const liveness = { type: "exec" as const, command, interval_ms: 20, failure_threshold: 2 };
  await daemon.deploy({ probed: daemon.shell("exec sleep 1000", { health: { liveness } }) });
  const pid = await pidOf("probed");
  await Bun.$`rm ${well}`.quiet();
  await gone(pid);
  daemon.env.write("well", "");
  await restarted("probed", pid);
  await expectWhy("probed", "liveness");
});

test("an update that failed and was rolled back", async () => {
  await daemon.deploy({ updated: daemon.shell("exec sleep 1000") });
  const error = await failure(daemon.deploy({ updated: daemon.shell("exit 4") }));
  expect(error.code).toBe("rolled_back");
  await expectWhy("updated", "rollback");
});

test("a first start that failed", async () => {
  await failure(daemon.deploy({ unborn: daemon.shell("exit 4") }));
  await expectWhy("unborn", "failed-start");
});

test("somebody killed it", async () => {
  await daemon.deploy({ killed: daemon.shell("exec sleep 1000") });
  await daemon.client.kill({ name: "killed" });
  await expectWhy("killed", "kill");
});

test("somebody restarted it", async () => {
  await daemon.deploy({ again: daemon.shell("exec sleep 1000") });
  await daemon.env.run(["restart", "again"]);
  await expectWhy("again", "restart");
});

test("somebody scaled it down", async () => {
  await daemon.deploy({ fewer: daemon.shell("exec sleep 1000", { replicas: 2 }) });
  await daemon.env.run(["scale", "fewer", "1"]);
  await expectWhy("fewer", "scale");
});

test("another member of its group failed", async () => {
  const groups = [{ name: "pair", strategy: "rest_for_one", services: ["db", "web"] }] as const;
  const program = daemon.shell("exec sleep 1000");
  await daemon.deploy(
    { db: program, web: program },
    { groups: groups.map((group) => ({ ...group, services: [...group.services] })) },
  );
  const [db, web] = [await pidOf("db"), await pidOf("web")];
  process.kill(db, "SIGKILL");
  await restarted("web", web);
  await expectWhy("web", "group");
  expect((await why("db")).chain.map(({ event }) => event)).toEqual(["instance_started", "instance_exited"]);
});

test("it ended by itself", async () => {
  await daemon.deploy({ job: daemon.shell("sleep 0.3; exit 5", { restart: { policy: "temporary" } }) });
  await daemon.until("job", "failed");
  await expectWhy("job", "ended");
});

test("the kernel was stopped, and what it stopped started with the next one", async () => {
  await using machine = await Daemon.start();
  await machine.deploy({ kept: machine.shell("exec sleep 1000") });
  await machine.client.shutdown({});
  const stopped = await waitFor(
    async () => {
      const run = await machine.env.run(["why", "kept", "--json"]);
      return JSON.parse(run.stdout);
    },
    { what: "an answer without a kernel" },
  );
  expect(stopped).toMatchObject({ what: "stop" });
  expect(stopped.chain.map(({ event }: { event: string }) => event)).toEqual([
    "instance_stopped",
    "instance_exited",
    "kernel_stopping",
  ]);
  await machine.start();
  await machine.until("kept", "ready");
  expect((await machine.client.why({ name: "kept" })).chain.map(({ event }) => event)).toEqual([
    "instance_started",
    "kernel_started",
  ]);
});
