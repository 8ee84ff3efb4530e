import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Daemon, waitFor } from "../support/index.ts";
import { ScriptedModel } from "../support/scripted-model.ts";

setDefaultTimeout(60_000);

const path = join(import.meta.dir, "../../examples/agent/agent.ts");
const script = [
  { tool: "send_message", input: { to: "ada", text: "the build is green" } },
  { say: "Ada knows that the build is green." },
];

async function solve(daemon: Daemon, id: string): Promise<string> {
  const body = JSON.stringify({ id, task: "Tell Ada that the build is green." });
  const response = await daemon.env.fetch("agent", "/", { method: "POST", body });
  return String(Object(await response.json()).answer);
}

test("the agent uses its tool, and asks nothing twice that it has an answer to", async () => {
  const model = new ScriptedModel(script);
  await using daemon = await Daemon.start();
  try {
    await daemon.deploy({
      agent: { kind: "source", path, env: model.env, sandbox: model.sandbox, budget: { tokens: 10_000 } },
    });
    expect(await solve(daemon, "t1")).toBe("Ada knows that the build is green.");
    expect(await solve(daemon, "t1")).toBe("Ada knows that the build is green.");
    expect(model.outbox).toMatchObject([{ text: "the build is green", key: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
    expect(model.asked.length).toBe(2);
    expect(
      (await daemon.status("agent")).budget?.resources.find(({ resource }) => resource === "tokens"),
    ).toMatchObject({
      used: 200,
      reserved: 0,
    });
  } finally {
    await model.close();
  }
});

test("killed in the middle of a tool call, it goes on without repeating it", async () => {
  const model = new ScriptedModel([...script.slice(0, 1), { say: "I can't tell whether Ada got it." }]);
  await using daemon = await Daemon.start();
  try {
    await daemon.deploy({
      agent: { kind: "source", path, env: model.env, sandbox: model.sandbox, restart: { backoff_min_ms: 10 } },
    });
    model.isSilent = true;
    const interrupted = solve(daemon, "t2").catch(() => "interrupted");
    await waitFor(() => model.outbox.length === 1, { what: "the tool call" });
    const { instances } = await daemon.status("agent");
    process.kill(instances[0]?.pid ?? 0, "SIGKILL");
    await interrupted;
    await waitFor(() => model.asked.length === 2, { what: "the rest of the conversation" });
    // What the model was told instead of the tool's answer.
    expect(model.asked[1]?.at(-1)).toMatchObject({ role: "tool", content: expect.stringContaining("Nobody knows") });
    await daemon.until("agent", "ready");
    expect(await solve(daemon, "t2")).toBe("I can't tell whether Ada got it.");
    expect(model.outbox.length).toBe(1);
    expect(model.asked.length).toBe(2);
    const { effects } = await daemon.client.effects({ name: "agent", state: "unknown" });
    expect(effects).toMatchObject([{ run: "t2", key: model.outbox[0]?.key ?? "", attempt: 1 }]);
  } finally {
    await model.close();
  }
});
