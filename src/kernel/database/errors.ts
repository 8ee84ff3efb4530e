import { SoloError } from "../../api/index.ts";

/** What went wrong with kernel.db, in words that name the file and the way out. Nothing is ever deleted or replaced. */
export function databaseError(path: string, thrown: unknown): SoloError {
  if (thrown instanceof SoloError) return thrown;
  const code = codeOf(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) return corruptError(path, reason, thrown);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG") {
    return new SoloError("storage_full", `${path}: no space left to write (${reason})`, {
      hint: "free some space on this file system, then repeat the command; `solo paths` shows what Solo keeps where",
      cause: thrown,
    });
  }
  if (code.startsWith("SQLITE_READONLY") || code === "EROFS" || code === "EACCES" || code === "EPERM") {
    return new SoloError("io_error", `${path}: can't be written (${reason})`, {
      hint: "give yourself write access to the file and its folder, or choose another folder with --data-dir",
      cause: thrown,
    });
  }
  if (code.startsWith("SQLITE_BUSY") || code === "SQLITE_LOCKED") {
    return new SoloError("locked", `${path}: another program keeps the database locked (${reason})`, {
      hint: "close programs that have it open, such as sqlite3, then repeat the command",
      cause: thrown,
    });
  }
  if (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_CANTOPEN") || code.startsWith("E")) {
    return new SoloError("io_error", `${path}: can't be opened or read (${reason})`, {
      hint: "check that the folder exists, is yours, and that the disk is well (`dmesg`)",
      cause: thrown,
    });
  }
  return SoloError.from(thrown, "no");
}

export function corruptError(path: string, reason: string, cause?: unknown): SoloError {
  return new SoloError("storage_corrupt", `${path}: the database is damaged (${reason})`, {
    hint:
      `nothing was changed. Copy ${path}, ${path}-wal and ${path}-shm to a safe place; restore a backup, or repair with ` +
      `\`sqlite3 ${path} .recover | sqlite3 repaired.db\` and put repaired.db in its place without the -wal and -shm files`,
    cause,
  });
}

export function tooNewError(path: string, found: number, known: number): SoloError {
  return new SoloError("data_too_new", `${path}: written by a newer Solo (schema ${found}, this one knows ${known})`, {
    hint: "use the newer solo again, or choose another folder with --data-dir; the data was not touched",
  });
}

function codeOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return "";
  return typeof thrown.code === "string" ? thrown.code : "";
}
