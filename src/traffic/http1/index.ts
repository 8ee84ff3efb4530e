export { BodyKind, BodyReader } from "./body.ts";
export { type Fault, INCOMPLETE } from "./fault.ts";
export { maxRequestHeadBytes, RequestHead } from "./request-head.ts";
export { type AskedBy, ResponseHead } from "./response-head.ts";
export type { ByteSink, FlushTarget, Scratch } from "./scratch.ts";
