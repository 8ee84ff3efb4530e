export { type Answer, type CallOptions, type Client, createClient } from "./client.ts";
export { ApiFailure, toFailure } from "./failure.ts";
export { type Followed, follow } from "./follow.ts";
export { readLines } from "./read-lines.ts";
