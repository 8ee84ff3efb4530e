export { type DnsDoorOptions, openDnsDoor } from "./door.ts";
