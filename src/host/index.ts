export { runHost } from "./run.ts";
