import type { HostMessage } from "../api/host-protocol.ts";
import type { ControlChannel } from "./control-channel.ts";

/** `EX_SOFTWARE` of sysexits(3): the service's code could not start. */
const failedExitCode = 70;

/** How long a failed host waits for its kernel to take the reason. The kernel learns the exit code in any case. */
const flushTimeoutMs = 500;

/** Longest texts of a report, in characters: enough for a person, far below the longest message. */
const maxMessageLength = 8_192;
const maxStackLength = 32_768;

/** Prints why the service could not start, tells the kernel, and ends the process. */
export async function failStart(channel: ControlChannel, thrown: unknown): Promise<never> {
  console.error(isOwnFailure(thrown) ? `${thrown.name}: ${thrown.message}` : thrown);
  channel.report(describeFailure(thrown));
  await channel.flushed(flushTimeoutMs);
  process.exit(failedExitCode);
}

/** What was thrown, in the form that the kernel keeps. The frame is taken through the bundle's source map. */
function describeFailure(thrown: unknown): Extract<HostMessage, { type: "failed" }> {
  if (!(thrown instanceof Error)) {
    return { type: "failed", message: Bun.inspect(thrown).slice(0, maxMessageLength), stack: null, frame: null };
  }
  const message = `${thrown.name}: ${thrown.message}`.slice(0, maxMessageLength);
  return { type: "failed", message, stack: thrown.stack?.slice(0, maxStackLength) ?? null, frame: codeFrame(thrown) };
}

/** Whether the error arose in the host itself, such as a port that is taken: its frame would show Solo's code to the user. */
function isOwnFailure(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error)) return false;
  const origin = thrown.stack?.split("\n").find((line) => /^\s+at /.test(line));
  return origin?.includes("/$bunfs/") === true;
}

/** The numbered source lines, and the caret below them, that Bun prints before an error. */
function codeFrame(error: Error): string | null {
  if (isOwnFailure(error)) return null;
  const lines = Bun.inspect(error, { colors: false }).split("\n");
  const numbered = lines.findLastIndex((line, index) => index < 8 && /^\s*\d+ \| /.test(line));
  if (numbered < 0) return null;
  const caret = /^\s*\^/.test(lines[numbered + 1] ?? "") ? 1 : 0;
  return lines
    .slice(0, numbered + 1 + caret)
    .join("\n")
    .slice(0, maxMessageLength);
}
