import { join } from "node:path";

/** Whether this code runs inside the compiled binary, whose modules live in Bun's virtual file system. */
const isCompiled = import.meta.dir.startsWith("/$bunfs");

/** The command that starts this same program again: the binary, or in development Bun and `src/main.ts`. */
export function selfCommand(): string[] {
  return isCompiled ? [process.execPath] : [process.execPath, join(import.meta.dir, "..", "main.ts")];
}

/**
 * A copy of an environment without the variables that make Bun or Node run foreign code at start (`--preload`, inspectors)
 * or act as another program. The binary itself is deaf to Bun's; what it starts might not be.
 */
export function cleanEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !injecting.test(name)) clean[name] = value;
  }
  return clean;
}

/** BUN_OPTIONS, BUN_BE_BUN, BUN_INSPECT*, BUN_JSC_*: https://bun.com/docs/runtime; NODE_OPTIONS, NODE_REPL_*: node(1). */
const injecting =
  /^(BUN_OPTIONS|BUN_BE_BUN|BUN_INSPECT.*|BUN_JSC_.*|BUN_RUNTIME_TRANSPILER_CACHE_PATH|NODE_OPTIONS|NODE_REPL_EXTERNAL_MODULE)$/;
