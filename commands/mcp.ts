import { string } from "@oclif/core/flags";
import { agentRoleNames, openAgentSession } from "../src/cli/doors/mcp-session.ts";
import { onInterruption, SoloCommand } from "../src/cli/index.ts";
import { build } from "../src/system/index.ts";

export default class Mcp extends SoloCommand {
  static override summary = "Offer the kernel's operations to an agent, as tools (Model Context Protocol)";
  static override description =
    "Speaks MCP on standard input and output: it is a command for an agent's configuration. The agent can do what SOLO_TOKEN or SOLO_TOKEN_FILE allows; without one, what the role allows in the tenant, by a capability that is made for it and revoked at the end. Tools that take something away ask back first. The HTTP API offers the same at /mcp.";
  static override examples = [
    "<%= config.bin %> mcp",
    "<%= config.bin %> mcp --role deployer --tenant staging",
    "<%= config.bin %> mcp --token-file ~/agent.token",
  ];
  static override flags = {
    role: string({
      description:
        "What the agent may do; admin: everything, in all tenants [default: viewer, or all that a token allows]",
      options: [...agentRoleNames],
    }),
    "token-file": string({ description: "The file with the token that the agent is to have", helpValue: "PATH" }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Mcp);
    const { role, "token-file": tokenFile, ...others } = flags;
    const session = await this.open(others);
    const interruption = onInterruption();
    const known = agentRoleNames.find((name) => name === role);
    const agent = await openAgentSession(session, { role: known, tokenFile });
    try {
      const { serveStdio } = await this.parts.mcp();
      await serveStdio({
        reach: agent.reach,
        api: agent.api,
        version: build.version,
        onBug: (error) => process.stderr.write(`solo: unexpected: ${error.stack ?? error.message}\n`),
        signal: interruption.signal,
      });
    } finally {
      await agent.end();
    }
    interruption.check();
  }
}
