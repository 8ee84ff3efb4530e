import { SoloError } from "../api/index.ts";
import type { Session } from "./session.ts";
import { isInteractive } from "./style.ts";

export interface ShowTopOptions {
  /** Only these services, with their log lines together; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
  readonly intervalMs: number | undefined;
  readonly signal: AbortSignal;
}

/** @throws SoloError `usage` where there is no terminal, `unreachable` where there is no kernel */
export async function showTop(session: Session, { only, intervalMs, signal }: ShowTopOptions): Promise<void> {
  if (session.output.json || !isInteractive(process.stdout) || !process.stdin.isTTY) {
    throw new SoloError("usage", "top needs a terminal", {
      hint: "`solo list --json` and `solo status --watch --json` are for programs",
    });
  }
  const kernel = await session.kernel();
  const { tenant } = session;
  await kernel.list({ tenant });
  const { drawTop } = await import("./views/top.tsx");
  const { style } = await session.output.view();
  await drawTop({ kernel, tenant, only, intervalMs: intervalMs ?? defaultIntervalMs, style, signal });
}

const defaultIntervalMs = 1_000;
