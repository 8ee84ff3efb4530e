import { type SandboxSpec, type ServiceSpec, SoloError, sandboxSchema, serviceKinds } from "../../api/index.ts";

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * A statement that is prepared when it is first used: one that writes names columns which the file of an earlier Solo lacks,
 * and that file must be readable all the same.
 */
export function whenUsed<Statement>(prepare: () => Statement): () => Statement {
  let statement: Statement | undefined;
  return () => (statement ??= prepare());
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : unexpected(row, column);
}

export function integer(row: Row, column: string): number {
  const value = row[column];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : unexpected(row, column);
}

export function optionalInteger(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

export function oneOf<Value extends string>(row: Row, column: string, values: readonly Value[]): Value {
  const value = text(row, column);
  return values.find((known) => known === value) ?? unexpected(row, column);
}

/** Null as well for a column that a database which no kernel has brought up to date yet lacks. */
export function optionalOneOf<Value extends string>(row: Row, column: string, values: readonly Value[]): Value | null {
  return row[column] === null || row[column] === undefined ? null : oneOf(row, column, values);
}

export function strings(row: Row, column: string): string[] {
  const value = json(row, column);
  const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
  return isList ? value : unexpected(row, column);
}

/**
 * The specification was validated in full before it was written. Only its kind is looked at again. One that says nothing of a
 * sandbox was deployed when that meant none; a new Solo does not confine what runs.
 */
export function specification(row: Row, column: string): ServiceSpec {
  const value = json(row, column);
  return isSpecification(value) ? { ...value, sandbox: value.sandbox ?? unconfined() } : unexpected(row, column);
}

let off: SandboxSpec | undefined;

function unconfined(): SandboxSpec {
  off ??= sandboxSchema.parse({ mode: "off" });
  return off;
}

/** A specification as an earlier Solo wrote it. */
type Written = Omit<ServiceSpec, "sandbox"> & Partial<Pick<ServiceSpec, "sandbox">>;

function isSpecification(value: unknown): value is Written {
  if (typeof value !== "object" || value === null || !("kind" in value) || !("restart" in value)) return false;
  return serviceKinds.some((kind) => kind === value.kind);
}

function json(row: Row, column: string): unknown {
  try {
    return JSON.parse(text(row, column));
  } catch (error) {
    if (error instanceof SoloError) throw error;
    return unexpected(row, column);
  }
}

function unexpected(row: Row, column: string): never {
  const name = [row.tenant, row.service ?? row.name, row.id].filter((part) => part !== undefined).join("/");
  throw new SoloError("storage_corrupt", `kernel.db: unexpected ${column} in the record of ${name}`, {
    hint: "restore a backup of the data folder, or report this with the output of `solo doctor --json`",
    details: { column, value: String(row[column]).slice(0, 200) },
  });
}
