import { SoloError } from "../api/index.ts";
import { Interrupted } from "./streams/interrupted.ts";
import { failureDocument } from "./streams/stream-failure.ts";
import { ReaderGone, writeAll } from "./streams/write-all.ts";
import { wantsJson } from "./wants-json.ts";

/**
 * Tells why a command failed, as one JSON document or in words, and returns the process's exit code: the one of the failure,
 * even if it can't be told.
 */
export async function reportFailure(thrown: unknown, argv: readonly string[]): Promise<number> {
  if (thrown instanceof Interrupted) return thrown.exit;
  if (thrown instanceof ReaderGone) return 0;
  const error = SoloError.from(thrown);
  const document = () => JSON.stringify(failureDocument(error.toDocument()));
  const told = wantsJson(argv) && (await attempt(process.stdout, `${document()}\n`));
  if (!told) {
    const { renderFailure } = await import("./render-failure.ts");
    await attempt(process.stderr, await renderFailure(error));
  }
  return error.exit;
}

/** Whether it could be written, or nobody wants it. */
function attempt(stream: NodeJS.WriteStream, text: string): Promise<boolean> {
  return writeAll(stream, text).then(
    () => true,
    (failure: unknown) => failure instanceof ReaderGone,
  );
}
