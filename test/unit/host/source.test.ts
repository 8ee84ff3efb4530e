import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { HostUnderTest, until, writeProgram } from "./run-host.ts";

const fetchModule = (body: string) =>
  writeProgram({ "main.js": `export default { fetch(request, env, ctx) { ${body} } }` });

describe("a host", () => {
  test("says who it is, then that it is ready, on the kernel's port", async () => {
    await using host = new HostUnderTest(fetchModule('return new Response("hello")'));
    expect(await host.message("ready")).toMatchObject({ shape: "fetch", port: host.port });
    expect(host.messages[0]).toEqual({ type: "hello", instance: "api-1", key: "secret", pid: host.pid });
    expect(await (await host.fetch("/")).text()).toBe("hello");
  });

  test("hides the key, the control socket and the setting of the collector from the service, and shows the rest", async () => {
    await using host = new HostUnderTest(fetchModule("return Response.json(process.env)"), {
      env: { COLOR: "red", BUN_GC_TIMER_INTERVAL: "10000" },
    });
    await host.message("ready");
    const env: unknown = await (await host.fetch("/")).json();
    expect(env).toMatchObject({ SOLO_SERVICE: "api", SOLO_INSTANCE: "api-1", PORT: String(host.port), COLOR: "red" });
    expect(env).not.toHaveProperty("SOLO_KEY");
    expect(env).not.toHaveProperty("SOLO_CONTROL");
    expect(env).not.toHaveProperty("BUN_GC_TIMER_INTERVAL");
  });

  test("connects again to a new kernel and repeats its state, while requests go on", async () => {
    await using host = new HostUnderTest(fetchModule('return new Response("up")'));
    await host.message("ready");
    await host.stopKernel();
    expect(await (await host.fetch("/")).text()).toBe("up");
    host.startKernel();
    await host.message("ready", 2);
    expect(host.messages.filter((message) => message.type === "hello")).toHaveLength(2);
  });

  test("runs without a kernel, and finds one that comes later", async () => {
    await using host = new HostUnderTest(fetchModule('return new Response("alone")'), { kernel: false });
    await until(
      async () => (await host.fetch("/").catch(() => undefined))?.ok ?? false,
      () => "an answer",
    );
    host.startKernel();
    await host.message("ready");
  });

  test("reports a heartbeat", async () => {
    await using host = new HostUnderTest(fetchModule('return new Response("")'));
    expect(await host.message("heartbeat")).toEqual({ type: "heartbeat" });
  });

  test("gives a Cloudflare handler its environment and waitUntil, and a Bun handler the server", async () => {
    const entry = fetchModule(
      "ctx.waitUntil(Promise.resolve()); return Response.json([env.COLOR, typeof env.upgrade, env.requestIP(request).address])",
    );
    await using host = new HostUnderTest(entry, { env: { COLOR: "red", BUN_GC_TIMER_INTERVAL: "10000" } });
    await host.message("ready");
    expect(await (await host.fetch("/")).json()).toEqual(["red", "function", "127.0.0.1"]);
  });

  test("ignores the port of a module and serves its WebSockets", async () => {
    const entry = writeProgram({
      "main.js": `export default { port: 1, fetch(request, server) { if (!server.upgrade(request)) return new Response("no"); },
        websocket: { message(socket, text) { socket.send("echo " + text); } } }`,
    });
    await using host = new HostUnderTest(entry);
    await host.message("ready");
    const socket = new WebSocket(`ws://127.0.0.1:${host.port}/`);
    const answer = new Promise((resolve) => socket.addEventListener("message", (event) => resolve(event.data)));
    socket.addEventListener("open", () => socket.send("hi"));
    expect(await answer).toBe("echo hi");
    socket.close();
  });

  test("serves Bun's routes, with or without fetch", async () => {
    const entry = writeProgram({ "main.js": 'export default { routes: { "/a": () => new Response("A") } };' });
    await using host = new HostUnderTest(entry);
    await host.message("ready");
    expect(await (await host.fetch("/a")).text()).toBe("A");
    expect((await host.fetch("/b")).status).toBe(404);
  });

  test("answers an exception with a bare 500 and logs its stack", async () => {
    await using host = new HostUnderTest(fetchModule('throw new TypeError("secret detail")'));
    await host.message("ready");
    const answer = await host.fetch("/");
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe("Internal Server Error\n");
    expect(host.stderr).toContain("TypeError: secret detail");
  });

  test("on SIGTERM finishes the request in flight, then exits with 0", async () => {
    await using host = new HostUnderTest(
      writeProgram({
        "main.js": `export default { async fetch() { console.log("taken"); await Bun.sleep(150); return new Response("finished"); } }`,
      }),
    );
    await host.message("ready");
    const answer = host.fetch("/");
    await until(
      () => host.stdout === "taken\n",
      () => "the request to be taken",
    );
    host.signal("SIGTERM");
    expect(await (await answer).text()).toBe("finished");
    expect(await host.exited()).toBe(0);
  });

  test("fails with the place in the source when the module throws", async () => {
    const entry = writeProgram({ "main.js": 'const port = 1;\nthrow new RangeError("no luck");\n' });
    await using host = new HostUnderTest(entry);
    const failed = await host.message("failed");
    expect(failed.message).toBe("RangeError: no luck");
    expect(failed.frame).toContain('2 | throw new RangeError("no luck");');
    expect(failed.stack).toContain("main.js:2");
    expect(await host.exited()).toBe(70);
    expect(host.stderr).toContain("RangeError: no luck");
  });

  test("fails when its port is taken", async () => {
    const entry = writeProgram({
      "main.js":
        "Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response() }); export default { fetch() {} };",
    });
    await using host = new HostUnderTest(entry);
    expect((await host.message("failed")).message).toContain("in use");
    expect(await host.exited()).toBe(70);
  });
});

describe("a plain script", () => {
  test("is ready when it listens on $PORT", async () => {
    const entry = writeProgram({
      "main.js":
        'setTimeout(() => Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response("script") }), 100);',
    });
    await using host = new HostUnderTest(entry);
    expect(await host.message("ready")).toMatchObject({ shape: "script", port: host.port });
    expect(await (await host.fetch("/")).text()).toBe("script");
  });

  test("that exports its own server is still a script", async () => {
    const entry = writeProgram({
      "main.js": 'export default Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response("own") });',
    });
    await using host = new HostUnderTest(entry);
    expect(await host.message("ready")).toMatchObject({ shape: "script" });
  });

  test("that never mentions a port is ready at once, without one", async () => {
    await using host = new HostUnderTest(writeProgram({ "main.js": "setInterval(() => {}, 1000);" }));
    expect(await host.message("ready")).toMatchObject({ shape: "script", port: null });
  });

  test("that ends by itself ends the process, after the kernel has heard of it", async () => {
    await using host = new HostUnderTest(writeProgram({ "main.js": 'console.log("job done");' }));
    expect(await host.exited()).toBe(0);
    expect(host.stdout).toBe("job done\n");
    expect(await host.message("ready")).toMatchObject({ port: null });
  });

  test("that ends by itself does so without a kernel, too", async () => {
    await using host = new HostUnderTest(writeProgram({ "main.js": "" }), { kernel: false });
    expect(await host.exited()).toBe(0);
  });

  test("sees itself as the main module, with its own arguments", async () => {
    const entry = writeProgram({
      "main.js": "console.log(JSON.stringify([import.meta.main, ...process.argv.slice(1)]));",
    });
    await using host = new HostUnderTest(entry, { args: ["--fast", "x"] });
    expect(await host.exited()).toBe(0);
    expect(JSON.parse(host.stdout)).toEqual([true, entry, "--fast", "x"]);
  });

  test("keeps SIGTERM's default, and its own handler", async () => {
    await using plain = new HostUnderTest(writeProgram({ "main.js": "setInterval(() => {}, 1000);" }));
    await plain.message("ready");
    plain.signal("SIGTERM");
    expect(await plain.exited()).toBeNull();
    const entry = writeProgram({
      "main.js": 'setInterval(() => {}, 1000); process.on("SIGTERM", () => process.exit(9));',
    });
    await using handled = new HostUnderTest(entry);
    await handled.message("ready");
    handled.signal("SIGTERM");
    expect(await handled.exited()).toBe(9);
  });

  test("dies of an unhandled rejection with code 1 and its stack", async () => {
    const entry = writeProgram({ "main.js": 'setTimeout(() => Promise.reject(new Error("forgotten")), 20);' });
    await using host = new HostUnderTest(entry);
    expect(await host.exited()).toBe(1);
    expect(host.stderr).toContain("error: forgotten");
  });

  test("loses no output in a FIFO whose reader is slow", async () => {
    const entry = writeProgram({
      "main.js":
        'for (let i = 0; i < 20000; i++) console.log("line " + i); process.stdout.write("end"); process.exit(3);',
    });
    const fifo = join(dirname(entry), "fifo");
    Bun.spawnSync({ cmd: ["mkfifo", fifo] });
    const reader = Bun.spawn({ cmd: ["sh", "-c", "exec < $0; sleep 0.3; cat", fifo], stdout: "pipe" });
    const output = openSync(fifo, "w");
    await using host = new HostUnderTest(entry, { output });
    closeSync(output);
    const text = await new Response(reader.stdout).text();
    expect(await host.exited()).toBe(3);
    expect(text.split("\n")).toHaveLength(20_001);
    expect(text).toEndWith("line 19999\nend");
  });

  test("loses no output at process.exit", async () => {
    const entry = writeProgram({
      "main.js":
        'for (let i = 0; i < 5000; i++) console.log("line " + i); process.stdout.write("end"); process.exit(3);',
    });
    await using host = new HostUnderTest(entry);
    expect(await host.exited()).toBe(3);
    expect(host.stdout.endsWith("line 4999\nend")).toBe(true);
  });
});
