/** Durations and sizes as people write them (`30s`, `256MB`) and as programs read them (integers with the unit in the name). */

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  TB: 1_000_000_000_000,
  KIB: 1_024,
  MIB: 1_048_576,
  GIB: 1_073_741_824,
  TIB: 1_099_511_627_776,
};

/**
 * Milliseconds of a text such as `250ms`, `30s`, `1.5m`, `2h`, `1d` or a sum (`1h30m`); `undefined` if it is none.
 * A bare number has no unit and is refused, so that nobody has to guess whether `30` means seconds.
 */
export function parseDuration(text: string): number | undefined {
  const matches = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (matches.length === 0 || matches.map((match) => match[0]).join("") !== text.trim()) return undefined;
  const total = matches.reduce((sum, [, amount, unit]) => sum + Number(amount) * (durationUnits[unit ?? ""] ?? 0), 0);
  return Math.round(total);
}

/** Bytes of a text such as `512B`, `64KB` (1,000), `256MB`, `2GiB` (1,024³), in any case; `undefined` if it is none. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?I?B)$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.round(Number(match[1]) * (sizeUnits[(match[2] ?? "").toUpperCase()] ?? 0));
}

/** A duration in its two largest units: `850ms`, `4.2s`, `3m 5s`, `2h 10m`, `5d 3h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A size in decimal units with one decimal from MB up: `512 B`, `64 kB`, `25.3 MB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}
