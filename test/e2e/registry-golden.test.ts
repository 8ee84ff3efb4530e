import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** The JSON of `solo registry`, as scripts rely on it: what goes well, what goes wrong. */

let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"])).expect();
});
afterAll(() => env[Symbol.asyncDispose]());

const handles = new Map<string, string>();

interface Step {
  readonly name: string;
  /** `HANDLE:first` stands for the handle that the step `first` was answered. */
  readonly args: readonly string[];
  readonly code?: number;
}

const url = ["--url", "https://pay.example.com/"];

/** Runs in the listed order: what a command answers follows from those before it. */
const steps: readonly Step[] = [
  { name: "list-empty", args: ["list"] },
  { name: "register", args: ["register", "payments", ...url, "--metadata", "region=eu", "--metadata", "tier=gold"] },
  {
    name: "register-ttl",
    args: ["register", "payments", "--service-id", "wallet", "--ttl", "1h", "--version", "2.0.0"],
  },
  { name: "register-again", args: ["register", "payments", ...url, "--metadata", "region=us"] },
  { name: "register-usage", args: ["register"], code: 2 },
  { name: "register-invalid-name", args: ["register", "no name"], code: 2 },
  { name: "register-no-url", args: ["register", "payments", "--url", "nowhere"], code: 2 },
  { name: "register-no-field", args: ["register", "payments", "--metadata", "region"], code: 2 },
  { name: "list", args: ["list"] },
  { name: "list-name", args: ["list", "mail"] },
  { name: "discover", args: ["discover", "payments", "--filter", "region=us"] },
  { name: "discover-none", args: ["discover", "payments", "--filter", "region=eu"], code: 3 },
  { name: "renew", args: ["renew", "HANDLE:register-ttl"] },
  { name: "renew-not-found", args: ["renew", "0".repeat(32)], code: 5 },
  { name: "unregister", args: ["unregister", "HANDLE:register"] },
  { name: "unregister-again", args: ["unregister", "HANDLE:register"], code: 5 },
  { name: "unregister-other-tenant", args: ["unregister", "HANDLE:register-ttl", "--tenant", "acme"], code: 5 },
];

const withoutHandles = (text: string) => text.replaceAll(/\b[0-9a-f]{32}\b/g, "<handle>");

test.each(steps.map((step) => [step.name, step] as const))("JSON of registry %s", async (name, step) => {
  const args = step.args.map((arg) => (arg.startsWith("HANDLE:") ? (handles.get(arg.slice(7)) ?? arg) : arg));
  const { stdout, code } = await env.run(["registry", ...args, "--json"]);
  const answered: { handle?: string } = JSON.parse(stdout);
  if (answered.handle !== undefined) handles.set(name, answered.handle);
  expectGolden(`json/registry-${name}.json`, withoutHandles(normalizedJson(stdout, env.root)));
  expect(code).toBe(step.code ?? 0);
});

test("without a kernel: what is kept, of which nothing is known to be alive", async () => {
  expect(handles.get("register-again")).toBe(handles.get("register"));
  (await env.run(["stop"])).expect();
  const { stdout, code } = await env.run(["registry", "discover", "payments", "--json"]);
  expectGolden("json/registry-at-rest.json", withoutHandles(normalizedJson(stdout, env.root)));
  expect(code).toBe(3);
  // The next kernel has it again, under the same handle.
  (await env.run(["start"])).expect();
  const again = (await env.run(["registry", "list"])).expect();
  expect(again.stdout).toContain(handles.get("register-ttl") ?? "-");
});
