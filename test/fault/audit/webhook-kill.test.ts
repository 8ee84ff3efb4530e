import { expect, setDefaultTimeout, test } from "bun:test";
import { Daemon, waitFor } from "../../support/index.ts";

setDefaultTimeout(120_000);

test("a webhook gets every record in order, over kills of the kernel and its own failures", async () => {
  await using daemon = new Daemon();
  const received: number[] = [];
  let again = 0;
  let calls = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      calls += 1;
      const text = await request.text();
      if (calls % 3 === 0) return new Response(null, { status: 503 });
      for (const line of text.trimEnd().split("\n")) {
        const { sequence } = JSON.parse(line);
        if (sequence <= (received.at(-1) ?? 0)) again += 1;
        else received.push(sequence);
      }
      return new Response(null, { status: 204 });
    },
  });
  try {
    daemon.env.write("home/.config/solo/config.toml", `[audit]\nwebhook = "http://127.0.0.1:${server.port}/audit"\n`);
    await daemon.start();
    await daemon.deploy({ web: daemon.shell("exec sleep 1000") });
    for (let round = 0; round < 4; round++) {
      for (let index = 0; index < 5; index++) await daemon.client.kill({ name: "web" });
      await daemon.crashKernel();
    }
    const { last_sequence } = await daemon.client.auditVerify({});
    await waitFor(() => received.at(-1) === last_sequence, {
      what: "everything that is on record",
      deadlineMs: 60_000,
    });
    expect(received).toEqual(Array.from({ length: last_sequence ?? 0 }, (_, index) => index + 1));
    expect(received.length).toBeGreaterThan(40);
    // At least once, and not all again each time.
    expect(again).toBeLessThan(received.length);
    expect((await daemon.client.auditVerify({})).state).toBe("sound");
  } finally {
    await server.stop(true);
  }
});
