export { type DnsDoor, type DnsDoorOptions, openDnsDoor } from "./door.ts";
