export { soloBinary } from "./binary.ts";
export { Daemon, failure, gone, last } from "./daemon.ts";
export type { Following } from "./follow.ts";
export { type Leftover, processesOf } from "./leftovers.ts";
export { freePort, freePorts, isListening } from "./ports.ts";
export type { RunOptions, RunResult } from "./run.ts";
export { nginxCommand, redisCommand, type Server, startNginx, startRedis } from "./servers.ts";
export { type SoloEnv, soloEnv } from "./solo-env.ts";
export { waitFor } from "./wait-for.ts";
