import type { KeyPath } from "../scan/key-map.ts";

/** Notes a problem at a key, with what to write instead. */
export type Report = (path: KeyPath, message: string, hint?: string) => void;
