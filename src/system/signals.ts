import { constants } from "node:os";

/** The name of a signal number, such as `SIGKILL`; a real-time one, which has none, as `SIG40`. */
export function signalName(number: number): string {
  names ??= new Map(Object.entries(constants.signals).map(([name, value]) => [value, name]));
  return names.get(number) ?? `SIG${number}`;
}

let names: Map<number, string> | undefined;
