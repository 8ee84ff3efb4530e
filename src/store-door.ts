import type { StoreDoor } from "./cli/index.ts";
import { keyValueDoor } from "./key-value-door.ts";
import { logDoor } from "./log-door.ts";

/** Shows the store's files to the command line, in its words. Loaded only by commands that look at them. */
export const storeDoor: StoreDoor = { log: logDoor, keyValue: keyValueDoor };
