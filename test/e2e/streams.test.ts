import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { eventSchema, logLineSchema } from "../../src/api/index.ts";
import { Daemon, waitFor } from "../support/index.ts";

/** Streams that outlive their kernel, and are taken up again at a cursor. */

const counting = `let n = 0; setInterval(() => console.log(String(++n)), 5); export default { fetch: () => new Response() };`;

const numbers = (lines: readonly string[]) =>
  lines.map((line) => Number(logLineSchema.parse(JSON.parse(line)).message));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("events -f", () => {
  test("goes on with the next kernel, without a gap", async () => {
    await using daemon = await Daemon.start();
    const following = daemon.env.follow(["events", "-f", "--json"]);
    await following.line(/kernel_started/);
    await daemon.crashKernel();
    await waitFor(() => following.lines.filter((line) => line.includes("kernel_started")).length === 2, {
      what: "the next kernel's start",
    });
    await daemon.deploy({ web: daemon.module("web.ts", counting) });
    await following.line(/instance_ready/);
    const ids = following.lines.map((line) => eventSchema.parse(JSON.parse(line)).id);
    expect(ids).toEqual(upTo(ids.length));
  });

  test("is taken up again at a cursor, without loss or repetition", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ web: daemon.module("web.ts", counting) });
    const all = (await daemon.env.run(["events", "--json"])).expect().lines();
    const { cursor } = eventSchema.parse(all[2]);
    const rest = (await daemon.env.run(["events", "--json", "--since-cursor", cursor])).expect().lines();
    expect(rest).toEqual(all.slice(3));
  });
});

test("a stream that fails ends with a line that is one of its own", async () => {
  await using daemon = await Daemon.start();
  await daemon.deploy({ web: daemon.module("web.ts", counting) });
  const following = daemon.env.follow(["logs", "web", "-f", "--json"]);
  await waitFor(() => following.lines.length > 5, { what: "lines" });
  await daemon.crashBoth();
  expect(await following.exited).toBe(7);
  const last = JSON.parse(following.lines.at(-1) ?? "");
  const { cursor } = logLineSchema.parse(JSON.parse(following.lines.at(-2) ?? ""));
  expect(last).toMatchObject({ type: "error", cursor, error: { code: "unreachable", exit: 7, applied: "no" } });
  expect(z.iso.datetime().safeParse(last.time).success).toBe(true);
});

describe("logs -f", () => {
  test("goes on over an upgrade of the kernel", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ web: daemon.module("web.ts", counting) });
    const following = daemon.env.follow(["logs", "web", "-f", "--json"]);
    await waitFor(() => following.lines.length > 20, { what: "lines" });
    (await daemon.env.run(["stop", "--keep-services"])).expect();
    (await daemon.env.run(["start"])).expect();
    const before = following.lines.length;
    await waitFor(() => following.lines.length > before + 20, { what: "more lines" });
    expect(await following.stop("SIGINT")).toBe(130);
    expect(following.stderr).toBe("the kernel was stopped\na kernel answers again\n");
    expect(numbers(following.lines)).toEqual(upTo(following.lines.length));
  });

  test("ends with 0 once the kernel was stopped for good", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ web: daemon.module("web.ts", counting) });
    const following = daemon.env.follow(["logs", "web", "-f", "--json"]);
    await waitFor(() => following.lines.length > 5, { what: "lines" });
    (await daemon.env.run(["stop"])).expect();
    expect(await following.exited).toBe(0);
  }, 30_000);

  test("shows what the files hold when no kernel runs, and ends with 7", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ web: daemon.module("web.ts", `console.log("1"); console.log("2"); ${counting}`) });
    await daemon.until("web", "ready");
    (await daemon.env.run(["kill", "web"])).expect();
    (await daemon.env.run(["stop"])).expect();
    const result = (await daemon.env.run(["logs", "web", "--follow", "--tail", "1000"])).expect(7);
    expect(result.stdout).toStartWith("1\n2\n");
    expect(result.stderr).toContain("no kernel answers; waiting for one\n");
  }, 30_000);

  test("begins with the kernel that comes while it waits", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ web: daemon.module("web.ts", counting) });
    (await daemon.env.run(["stop"])).expect();
    const following = daemon.env.follow(["logs", "web", "--follow", "--json", "--tail", "0"]);
    await following.line(/waiting for one/);
    (await daemon.env.run(["start"])).expect();
    await waitFor(() => following.lines.length > 5, { what: "lines of the new instance" });
    expect(numbers(following.lines)).toEqual(upTo(following.lines.length));
  });
});

test("status --watch goes on over the kernel's death, from its files meanwhile", async () => {
  await using daemon = await Daemon.start();
  await daemon.deploy({ web: daemon.module("web.ts", counting) });
  const watch = daemon.env.follow(["status", "--watch", "--json", "--interval", "20ms"]);
  const former = await daemon.kernel();
  await watch.line(new RegExp(`"pid":${former},`));
  const next = await daemon.crashKernel();
  await watch.line(new RegExp(`"kernel":\\{[^}]*"pid":${next},`));
  await watch.stop("SIGINT");
  const schema = z.object({ type: z.literal("status"), time: z.iso.datetime(), cursor: z.string() });
  for (const line of watch.lines) schema.parse(JSON.parse(line));
});
