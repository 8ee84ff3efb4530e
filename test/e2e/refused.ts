import { expect } from "bun:test";
import { z } from "zod";
import { processesOf, type RunOptions, type SoloEnv } from "../support/index.ts";

/** The document of a command that fails, as scripts read it. */
const failureSchema = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
    retryable: z.boolean(),
    applied: z.enum(["no", "yes", "unknown"]),
    exit: z.int(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});
type Failure = z.infer<typeof failureSchema>["error"];

/** Runs a command that must fail with a code, its exit code and a hint, and returns what it said. */
export async function refused(
  env: SoloEnv,
  args: readonly string[],
  expected: { readonly code: string; readonly exit: number },
  options: RunOptions = {},
): Promise<Failure> {
  const separator = args.indexOf("--");
  const place = separator === -1 ? args.length : separator;
  const result = await env.run([...args.slice(0, place), "--json", ...args.slice(place)], options);
  const { error } = result.expect(expected.exit).json(failureSchema);
  expect(error).toMatchObject(expected);
  expect(error.hint).not.toBeNull();
  return error;
}

/** Checks that a command that failed left everything as it was: the services listed and the processes that run. */
export async function changesNothing<Result>(env: SoloEnv, work: () => Promise<Result>): Promise<Result> {
  const before = await services(env);
  const running = hosts(env);
  const result = await work();
  expect(await services(env)).toEqual(before);
  expect(hosts(env)).toEqual(running);
  return result;
}

async function services(env: SoloEnv): Promise<unknown> {
  const schema = z.object({
    services: z.array(z.object({ service: z.string(), revision: z.string(), state: z.string(), ready: z.int() })),
  });
  return (await env.run(["list", "--json"])).expect().json(schema);
}

/** The pids of services' processes; Solo's own come and go. */
function hosts(env: SoloEnv): number[] {
  const own = /__(guardian|kernel|build)|\bsolo list\b/;
  return processesOf(env.root)
    .filter(({ command }) => !own.test(command))
    .map(({ pid }) => pid);
}
