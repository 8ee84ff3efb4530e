import { afterAll, beforeAll, expect, test } from "bun:test";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** The JSON of `solo capability`, as scripts rely on it: what goes well, what goes wrong. */

let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"])).expect();
});
afterAll(() => env[Symbol.asyncDispose]());

/** By the names that steps use in the place of ids and tokens. */
const ids = new Map<string, string>();
const tokens = new Map<string, string>();

interface Step {
  readonly name: string;
  /** `ID:first` stands for the id that the step `first` granted. */
  readonly args: readonly string[];
  readonly code?: number;
  /** Whose token the command has. */
  readonly as?: string;
  /** Whose token is its standard input. */
  readonly input?: string;
}

/** Runs in the listed order: what a command answers follows from those before it. */
const steps: readonly Step[] = [
  { name: "list-empty", args: ["list"] },
  { name: "grant", args: ["grant", "--resource", "service:shop", "--role", "viewer", "--ttl", "1h"] },
  {
    name: "grant-bounded",
    args: ["grant", "--resource", "tenant", "--permissions", "read,call:add", "--rate", "100", "--calls", "10"],
  },
  { name: "grant-usage", args: ["grant", "--permissions", "read"], code: 2 },
  { name: "grant-unknown-permission", args: ["grant", "--resource", "tenant", "--permissions", "everything"], code: 2 },
  { name: "grant-unknown-resource", args: ["grant", "--resource", "shop", "--permissions", "read"], code: 2 },
  { name: "show", args: ["show", "ID:grant"] },
  { name: "show-not-found", args: ["show", "cap-0000000000000000"], code: 5 },
  { name: "attenuate", args: ["attenuate", "--permissions", "read"], as: "grant" },
  { name: "attenuate-beyond", args: ["attenuate", "--permissions", "deploy"], as: "grant", code: 4 },
  { name: "attenuate-own", args: ["attenuate"], code: 2 },
  { name: "delegate", args: ["delegate", "ID:grant", "--to", "alice", "--ttl", "10m"] },
  { name: "verify", args: ["verify", "--permission", "logs"], input: "grant" },
  { name: "verify-forbidden", args: ["verify", "--permission", "deploy"], input: "grant", code: 4 },
  { name: "verify-other-tenant", args: ["verify", "--tenant", "acme"], input: "grant", code: 4 },
  { name: "list", args: ["list"] },
  { name: "list-own", args: ["list"], as: "attenuate" },
  { name: "revoke-forbidden", args: ["revoke", "ID:grant"], as: "attenuate", code: 5 },
  { name: "revoke", args: ["revoke", "ID:grant"] },
  { name: "revoke-again", args: ["revoke", "ID:grant"] },
  { name: "verify-revoked", args: ["verify"], input: "attenuate", code: 4 },
  { name: "list-revoked", args: ["list"], as: "grant", code: 4 },
];

test.each(steps.map((step) => [step.name, step] as const))("JSON of %s", async (name, step) => {
  const args = step.args.map((arg) => (arg.startsWith("ID:") ? (ids.get(arg.slice(3)) ?? arg) : arg));
  const token = step.as === undefined ? undefined : tokens.get(step.as);
  const { stdout, code } = await env.run(["capability", ...args, "--json"], {
    env: { ...(token !== undefined && { SOLO_TOKEN: token }) },
    input: step.input === undefined ? "" : `${tokens.get(step.input)}\n`,
  });
  expect(code).toBe(step.code ?? 0);
  const granted: { id?: string; token?: string } = JSON.parse(stdout);
  if (granted.id !== undefined && granted.token !== undefined) {
    ids.set(name, granted.id);
    tokens.set(name, granted.token);
  }
  // The order of two that were granted in one millisecond is that of their ids.
  expectGolden(`json/capability-${name}.json`, normalizedJson(stdout, env.root));
});
