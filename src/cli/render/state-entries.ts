import type {
  StateChangeLine,
  StateDeleted,
  StateEntryLine,
  StateImported,
  StateValue,
  StateWritten,
} from "../../api/index.ts";
import type { View } from "../view.ts";

export function renderStateValue({ value }: StateValue): string {
  return JSON.stringify(value, null, 2);
}

export function renderStateWritten({ key, version }: StateWritten): string {
  return `${key} has version ${version}`;
}

export function renderStateDeleted({ key, deleted }: StateDeleted): string {
  return deleted ? `${key} is deleted` : `${key} was not there`;
}

export function renderStateEntry({ key, value }: Pick<StateEntryLine, "key" | "value">, { style }: View): string {
  return `${style.bold(key)} ${JSON.stringify(value)}`;
}

export function renderStateChange({ time, op, key, value }: StateChangeLine, { style }: View): string {
  const what = op === "put" ? JSON.stringify(value) : style.yellow("deleted");
  return `${style.dim(time)} ${style.bold(key)} ${what}`;
}

export function renderStateImported(dryRun: boolean) {
  return ({ service, entries, position }: StateImported): string => {
    const what = `${entries} ${entries === 1 ? "entry" : "entries"}`;
    return dryRun
      ? `${what} would be written to ${service}`
      : `${what} written to ${service}, up to position ${position}`;
  };
}
