import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AuditTrail, Deliveries, type DeliverySettings } from "../../../../src/observe/audit/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { subjectOf } from "../../../support/audit-model.ts";
import { type Rsyslog, startRsyslog } from "../../../support/rsyslog.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";

const nowhere: DeliverySettings = { file: null, fileBytes: 1e6, syslog: null, webhook: null, webhookTokenFile: null };

function openTrail(root: string): AuditTrail {
  return new AuditTrail({
    folder: join(root, "audit"),
    headPath: join(root, "audit.head"),
    bytes: 1_000_000,
    lastWordsMs: 0,
    clock: systemClock,
  });
}

interface Sent {
  readonly trail: AuditTrail;
  readonly deliveries: Deliveries;
  readonly states: (string | null)[];
}

async function deliver(root: string, settings: Partial<DeliverySettings>): Promise<Sent> {
  const trail = openTrail(root);
  await trail.open();
  const states: (string | null)[] = [];
  const deliveries = new Deliveries({ ...nowhere, ...settings }, join(root, "audit"), {
    trail,
    random: () => 0,
    onState: (_, problem) => states.push(problem),
  });
  return { trail, deliveries, states };
}

async function close({ trail, deliveries }: Sent): Promise<void> {
  await deliveries.close();
  await trail.close();
}

function sequences(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/"sequence":(\d+)/.exec(line)?.[1]));
}

describe("a file", () => {
  test("gets every record, goes on after a restart, and is moved at its limit", async () => {
    const root = temporaryFolder();
    const file = join(root, "copy.jsonl");
    const first = await deliver(root, { file });
    await first.trail.begin(subjectOf(1));
    await close(first);
    const second = await deliver(root, { file });
    await second.trail.begin(subjectOf(2));
    await close(second);
    const text = readFileSync(file, "utf8");
    expect(sequences(text.trimEnd().split("\n"))).toEqual([1, 2, 3]);
    const exported = await Array.fromAsync(openTrail(root).export());
    expect(text).toBe(`${exported.slice(0, -1).join("\n")}\n`);

    const third = await deliver(root, { file, fileBytes: 100 });
    await third.trail.begin(subjectOf(3));
    await close(third);
    expect(readFileSync(`${file}.1`, "utf8")).toBe(text);
    expect(sequences(readFileSync(file, "utf8").trimEnd().split("\n"))).toEqual([4]);
  });

  test("that can't be written is told of, and gets everything later", async () => {
    const root = temporaryFolder();
    const blocked = join(root, "blocked");
    writeFileSync(blocked, "");
    const sent = await deliver(root, { file: join(blocked, "copy.jsonl") });
    await sent.trail.begin(subjectOf(1));
    await until("it fails", () => sent.states.length > 0);
    expect(sent.deliveries.problem).toContain("takes no records");
    await close(sent);
  });
});

describe("a real syslog daemon", () => {
  let daemon: Rsyslog;
  beforeAll(async () => {
    daemon = await startRsyslog();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  test.each(["unix", "udp", "tcp"] as const)("gets every record over %s, in order", async (way) => {
    const sent = await deliver(temporaryFolder(), { syslog: daemon.url[way] });
    const operation = `over-${way}`;
    const before = daemon.lines().length;
    const receipts = await Promise.all(
      Array.from({ length: 40 }, (_, index) => sent.trail.begin({ ...subjectOf(index), operation })),
    );
    await receipts[0]?.end({ outcome: "failed", code: "forbidden", reason: "no" });
    const lines = await until(`40 records over ${way}`, () => {
      const received = daemon.lines().filter((line) => line.includes(`|solo|${operation}|`));
      return received.length >= 41 && received;
    });
    expect(sequences(lines)).toEqual(Array.from({ length: 41 }, (_, index) => index + 2));
    // Facility 13, severity notice; the last one failed: warning.
    expect(lines[0]).toStartWith(`109|solo|${operation}|`);
    expect(lines[40]).toStartWith(`108|solo|${operation}|`);
    const message = JSON.parse(lines[0]?.split("|").slice(3).join("|") ?? "");
    expect(message).toMatchObject({ sequence: 2, kind: "begin", actor: "owner", operation });
    expect(daemon.lines().length).toBeGreaterThan(before);
    await close(sent);
  });

  test("that is not there yet gets what was recorded before", async () => {
    const root = temporaryFolder();
    const early = await deliver(root, { syslog: `unix://${root}/none.sock` });
    await early.trail.begin({ ...subjectOf(1), operation: "early" });
    await until("it fails", () => early.states.length > 0);
    await close(early);
    const sent = await deliver(root, { syslog: daemon.url.unix });
    await until("the record", () => daemon.lines().some((line) => line.includes("|solo|early|")));
    await close(sent);
  });
});

describe("a webhook", () => {
  test("gets every record once more often than not, in order, whatever it answers meanwhile and over restarts", async () => {
    const root = temporaryFolder();
    const token = join(root, "token");
    writeFileSync(token, "s3cret\n");
    const received: number[] = [];
    const authorizations = new Set<string | null>();
    let calls = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        authorizations.add(request.headers.get("authorization"));
        const text = await request.text();
        // Every second attempt fails, half of those after it was kept: what comes again is known by its sequence.
        calls += 1;
        if (calls % 4 === 1) return new Response("no", { status: 503 });
        for (const sequence of sequences(text.trimEnd().split("\n"))) {
          if (sequence > (received.at(-1) ?? 0)) received.push(sequence);
        }
        return new Response(null, { status: calls % 4 === 3 ? 500 : 204 });
      },
    });
    try {
      const settings = { webhook: `http://127.0.0.1:${server.port}/hook?key=1`, webhookTokenFile: token };
      for (let round = 0; round < 3; round++) {
        const sent = await deliver(root, settings);
        for (let index = 0; index < 5; index++) await sent.trail.begin(subjectOf(round * 5 + index));
        await until("everything is there", () => received.at(-1) === sent.trail.head?.sequence);
        await close(sent);
      }
      expect(received).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
      expect([...authorizations]).toEqual(["Bearer s3cret"]);
    } finally {
      await server.stop(true);
    }
  });

  test("is not followed elsewhere", async () => {
    const root = temporaryFolder();
    let followed = false;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        if (new URL(request.url).pathname === "/hook") return Response.redirect("/other", 307);
        followed = true;
        return new Response(null, { status: 204 });
      },
    });
    const sent = await deliver(root, { webhook: `http://127.0.0.1:${server.port}/hook` });
    await sent.trail.begin(subjectOf(1));
    await until("it fails", () => sent.states.length > 0);
    await close(sent);
    await server.stop(true);
    expect(followed).toBe(false);
  });
});
