export { HashIndex } from "./hash-index.ts";
