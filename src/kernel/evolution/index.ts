export { Evolutions } from "./evolutions.ts";
