import type { McpDoor } from "./cli/index.ts";
import { serveStdio } from "./gateway/mcp/index.ts";

/** Serves agents for the command line. Loaded only by the command that does. */
export const mcpDoor: McpDoor = { serveStdio };
