export { McpSessions } from "./sessions.ts";
export { serveStdio } from "./stdio.ts";
