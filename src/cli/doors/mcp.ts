import type { CapabilityDocument } from "../../api/capabilities.ts";
import type { SoloApi } from "../../api/operations.ts";

/**
 * What the command line needs to serve agents. `src/main.ts` hands it over, so that nothing under `cli` imports a gateway.
 */
export interface McpDoor {
  /** Speaks the Model Context Protocol on standard input and output, until the input ends or the signal is aborted. */
  serveStdio(options: McpServing): Promise<void>;
}

export interface McpServing {
  /** What decides which tools there are. */
  readonly reach: Pick<CapabilityDocument, "tenant" | "resource" | "permissions">;
  /** The kernel as that capability has it; asked for at every call. */
  readonly api: () => Promise<SoloApi>;
  /** Of this build. */
  readonly version: string;
  readonly onBug: (error: Error) => void;
  readonly signal: AbortSignal;
}
