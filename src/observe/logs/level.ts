import type { LogLine } from "../../api/index.ts";
import type { Stream } from "./record.ts";

export type Level = LogLine["level"];

/**
 * How serious a line is, as far as it says so itself: the `level` (or `severity`) of a JSON object, by name or by pino's and
 * bunyan's numbers; else a word such as `ERROR`, `[warn]` or `level=debug` near its beginning. A line that says nothing is
 * `info`, and `warn` on standard error, since many programs write their ordinary messages there.
 */
export function levelOf(message: string, stream: Stream): Level {
  const start = message.slice(0, inspectedChars);
  const named = start.startsWith("{") ? jsonLevel.exec(start)?.[1] : textLevel.exec(start)?.[1];
  return (named !== undefined && levelFromName(named.toLowerCase())) || (stream === "stderr" ? "warn" : "info");
}

function levelFromName(name: string): Level | undefined {
  const number = Number(name);
  if (Number.isNaN(number)) return names.get(name);
  if (number >= 50) return "error";
  if (number >= 40) return "warn";
  return number >= 30 ? "info" : "debug";
}

const inspectedChars = 256;
const jsonLevel = /"(?:level|severity)"\s*:\s*"?([A-Za-z]+|\d{2})\b/;
/** After at most a time stamp, a name and punctuation or colours; as a whole word that is not the start of a sentence about it. */
const textLevel =
  /^(?:\x1b\[[\d;]*m|[\d\s:.,TZ+/|[(<-]|level=|lvl=)*(trace|debug|info|notice|warn|warning|error|err|fatal|critical|crit|panic|alert|emerg)\b/i;

const names = new Map<string, Level>([
  ["trace", "debug"],
  ["debug", "debug"],
  ["info", "info"],
  ["notice", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "error"],
  ["err", "error"],
  ["fatal", "error"],
  ["critical", "error"],
  ["crit", "error"],
  ["panic", "error"],
  ["alert", "error"],
  ["emerg", "error"],
]);
