/** Global flags and how many values each takes: enough to find the command behind them without loading any command. */
export const globalFlagArity: ReadonlyMap<string, 0 | 1> = new Map([
  ["--json", 0],
  ["--quiet", 0],
  ["-q", 0],
  ["--yes", 0],
  ["-y", 0],
  ["--tenant", 1],
  ["--context", 1],
  ["--config", 1],
  ["--data-dir", 1],
]);
