import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { type SoloEnv, soloBinary, soloEnv, Terminal } from "../support/index.ts";

/** The completion scripts in the shells themselves, at a real Tab. */

let env: SoloEnv;
let variables: Record<string, string | undefined>;
beforeAll(async () => {
  env = soloEnv();
  env.write("bin/.keep", "");
  env.write("files/afile.txt", "");
  symlinkSync(soloBinary(), join(env.root, "bin/solo"));
  variables = { ...env.env, TERM: "xterm", PATH: `${join(env.root, "bin")}:${process.env.PATH}` };
  const service = env.write("webshop.ts", "export default { fetch: () => new Response() };");
  (await env.run(["deploy", service])).expect();
  (await env.run(["deploy", service, "elsewhere", "--tenant", "acme"])).expect();
});
afterAll(() => env[Symbol.asyncDispose]());

const shells: [name: string, command: readonly string[], setup: string][] = [
  ["bash", ["bash", "--norc", "--noprofile", "-i"], 'eval "$(solo completion bash)"'],
  ["zsh", ["zsh", "-f", "-i"], 'bindkey -e; autoload -Uz compinit && compinit -u; eval "$(solo completion zsh)"'],
  ["fish", ["fish", "--no-config", "-i"], "solo completion fish | source"],
];

const lines: [what: string, typed: string, completed: string][] = [
  ["a command", "solo depl", "solo deploy"],
  ["a command of a topic", "solo config vali", "solo config validate"],
  ["a flag", "solo logs --since-c", "solo logs --since-cursor"],
  ["a flag's value", "solo deploy --kind sou", "solo deploy --kind source"],
  ["a flag's value behind =", "solo deploy --kind=sou", "solo deploy --kind=source"],
  ["a service's name", "solo logs web", "solo logs webshop"],
  ["a service's name behind flags", "solo --quiet logs --tail 5 web", "solo --quiet logs --tail 5 webshop"],
  ["a service's name in a tenant", "solo logs --tenant acme els", "solo logs --tenant acme elsewhere"],
  ["a file where one is meant", "solo deploy afi", "solo deploy afile.txt"],
];

describe.each(shells)("%s completes", (_, command, setup) => {
  test.each(lines)("%s", async (_what, typed, completed) => {
    await using terminal = new Terminal(command, { cwd: join(env.root, "files"), env: variables, columns: 200 });
    terminal.type(`${setup}; echo set"-"up\r`);
    await terminal.shows(/set-up/);
    // The line is completed, put into quotes and echoed: Ctrl-A goes to its beginning, Ctrl-E to its end.
    terminal.type(`${typed}\t\u0001echo "<\u0005>"\r`);
    // zsh takes the space after a completed word back when the cursor leaves it.
    const [, line] = await terminal.shows(/^<(.*?) ?>\r?$/m);
    expect(line).toBe(completed);
  });
});

test("the script of zsh also works from a folder of fpath", async () => {
  const script = (await env.run(["completion", "zsh"])).expect().stdout;
  env.write("functions/_solo", script);
  await using terminal = new Terminal(["zsh", "-f", "-i"], { cwd: env.root, env: variables, columns: 200 });
  const functions = join(env.root, "functions");
  terminal.type(`bindkey -e; fpath=(${functions} $fpath); autoload -Uz compinit && compinit -u; echo set"-"up\r`);
  await terminal.shows(/set-up/);
  terminal.type(`solo logs web\t\u0001echo "<\u0005>"\r`);
  expect((await terminal.shows(/^<(.*?) ?>\r?$/m))[1]).toBe("solo logs webshop");
});
