/** The meaning of every exit code of the `solo` command, printed by `solo help exit-codes`. */
export const exitCodes: readonly { readonly code: number; readonly meaning: string }[] = [
  { code: 0, meaning: "done, or already so" },
  { code: 1, meaning: "the operation failed" },
  { code: 2, meaning: "usage or invalid configuration (with file:line:column)" },
  { code: 3, meaning: "target not running or not healthy" },
  { code: 4, meaning: "unauthenticated or not allowed (names the missing capability)" },
  { code: 5, meaning: "not found" },
  { code: 6, meaning: "conflict: in use, locked or changed meanwhile" },
  { code: 7, meaning: "kernel unreachable" },
  { code: 8, meaning: "timed out, still going" },
  { code: 9, meaning: "failed and rolled back; the old revision is verified serving" },
  { code: 10, meaning: "there are changes (`--dry-run`)" },
  { code: 11, meaning: "outcome unknown: the connection was lost after the request was sent" },
  { code: 12, meaning: "limit or budget exhausted" },
  { code: 130, meaning: "interrupted (SIGINT)" },
  { code: 143, meaning: "terminated (SIGTERM)" },
];
