import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { soloBinary } from "../support/binary.ts";
import { waitFor } from "../support/index.ts";
import { type SoloEnv, soloEnv } from "../support/solo-env.ts";

/** `solo top` and `solo up` in a terminal that tmux makes, by what is on its screen. */

let env: SoloEnv;
const session = `solo-top-${process.pid}`;
beforeAll(async () => {
  env = soloEnv();
  env.write(
    "a.ts",
    `export default { fetch: () => { console.log("asked \\u001b[2J for it"); return new Response("a"); } };`,
  );
  env.write("solo.toml", '[service.a]\nsource = "a.ts"\n\n[service.b]\ncommand = ["sleep", "1000"]\n');
  (await env.run(["deploy", "-f", "solo.toml"])).expect();
  // Keeps tmux's server, so that none is about to end when the next session begins.
  tmux("new-session", "-d", "-s", "keep", "sleep", "1000");
});
afterEach(() => tmux("kill-session", "-t", session));
afterAll(async () => {
  tmux("kill-server");
  await env[Symbol.asyncDispose]();
});

function tmux(...args: readonly string[]): string {
  // Its server passes on what it was started with: with CI set, nothing draws.
  const variables = { PATH: process.env.PATH, LANG: "C.UTF-8" };
  const options = { env: variables, stdin: "ignore", stderr: "ignore" } as const;
  return Bun.spawnSync(["tmux", "-u", "-L", session, ...args], options).stdout.toString();
}

/** Runs a command; its exit code is shown when it has ended. */
function open(command: string): void {
  const variables = Object.entries({ ...env.env, TERM: undefined, CI: undefined });
  const given = variables.flatMap(([name, value]) => (value === undefined ? [] : ["-e", `${name}=${value}`]));
  const line = `${soloBinary()} ${command}; echo "ended with $?"; exec sleep 1000`;
  tmux("new-session", "-d", "-s", session, "-x", "100", "-y", "24", "-c", env.root, ...given, "sh", "-c", line);
}

const screen = () => tmux("capture-pane", "-p", "-t", session);
const press = (...keys: readonly string[]) => tmux("send-keys", "-t", session, ...keys);
const shows = (text: string | RegExp) =>
  waitFor(() => (typeof text === "string" ? screen().includes(text) : text.test(screen())), {
    what: `the screen to show ${text}`,
    deadlineMs: 4_000,
  }).catch((error: unknown) => {
    throw new Error(`${error}\n${screen()}`);
  });

test("shows services, their log lines and use, acts on the selected one, and leaves them running", async () => {
  open("top --interval 100ms");
  await shows(/▸ a +ready/);
  await env.fetch("a");
  await shows("asked  for it");
  press("+");
  await shows(/a +ready +2\/2/);
  press("-", "n");
  await shows("q quit");
  press("Down", "l");
  await shows("use of b");
  press("x");
  await shows("kill b? y to do it");
  press("y");
  await shows(/▸ b +stopped/);
  press("/", "a", "Enter");
  await shows("1 shown");
  press("?");
  await shows("any key goes back");
  press("x", "q");
  await shows("ended with 0");
  expect((await env.run(["list", "--json"])).json()).toMatchObject({ services: [{ ready: 2 }, { state: "stopped" }] });
});

test("fits the terminal when that changes its size, and ends by Ctrl-C as by a signal", async () => {
  open("top --interval 100ms");
  await shows("q quit");
  tmux("resize-window", "-t", session, "-x", "60", "-y", "12");
  await shows("q quit");
  const lines = screen().trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(12);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  press("C-c");
  await shows("ended with 130");
});

test("up deploys a project, shows its services with all their log lines, and stops them at the end if asked", async () => {
  open("up --stop");
  await shows(/b +ready/);
  await env.fetch("a");
  await shows("a | asked  for it");
  press("q");
  await shows("ended with 0");
  const { services } = Object((await env.run(["list", "--json"])).json());
  expect(services.map(({ state }: { state: string }) => state)).toEqual(["stopped", "stopped"]);
});

test("off a terminal top refuses, and up follows the log lines", async () => {
  expect((await env.run(["top"])).code).toBe(2);
  const up = env.follow(["up", "--json"]);
  await waitFor(
    async () => {
      await env.fetch("a");
      return up.stdout.includes('"service":"a"');
    },
    { what: "a line" },
  );
  expect(await up.stop("SIGINT")).toBe(130);
});
