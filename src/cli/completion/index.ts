export { candidates } from "./candidates.ts";
export { nameSource } from "./names.ts";
export { completionScript } from "./scripts.ts";
export { readTypedLine } from "./typed-line.ts";
