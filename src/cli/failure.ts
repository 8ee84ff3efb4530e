import { SoloError } from "../api/index.ts";
import { Interrupted } from "./interrupted.ts";
import { wantsJson } from "./wants-json.ts";
import { writeAll } from "./write-all.ts";

/** Tells why a command failed, as one JSON document or in words, and returns the process's exit code. */
export async function reportFailure(thrown: unknown, argv: readonly string[]): Promise<number> {
  if (thrown instanceof Interrupted) return thrown.exit;
  const error = await toSoloError(thrown, argv);
  if (wantsJson(argv)) {
    await writeAll(process.stdout, `${JSON.stringify(error.toDocument())}\n`);
  } else {
    const { renderFailure } = await import("./render-failure.ts");
    await writeAll(process.stderr, await renderFailure(error));
  }
  return error.exit;
}

async function toSoloError(thrown: unknown, argv: readonly string[]): Promise<SoloError> {
  if (thrown instanceof Error && "oclif" in thrown) {
    const { usageError } = await import("./usage-error.ts");
    return usageError(thrown, argv);
  }
  return SoloError.from(thrown);
}
