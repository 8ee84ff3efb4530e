import { type ApiAccess, type Check, SoloError } from "../../api/index.ts";
import { type DnsListener, listen } from "./listen.ts";

export interface DnsDoorOptions {
  readonly access: ApiAccess;
  readonly port: number;
  readonly onBug: (error: Error) => void;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** The names of `solo.internal` on a port of loopback. */
export interface DnsDoor {
  /** Whether it is open, for `solo health`. */
  check(): Check;
  close(): Promise<void>;
}

/** Between attempts to get the port while another program has it. */
const retryMs = 1_000;

/** Opens it; a port that another program has is tried again until it is free. */
export function openDnsDoor({ access, port, onBug, say }: DnsDoorOptions): DnsDoor {
  let listener: DnsListener | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let problem: string | undefined;
  const list = async (tenant: string) => (await import("./respond.ts")).servicesOf(access)(tenant);
  const open = async () => {
    try {
      listener = await listen(port, list, onBug);
      if (problem !== undefined) say("info", `DNS listens on 127.0.0.1:${port}`);
      problem = undefined;
    } catch (thrown) {
      const message = messageOf(thrown, port);
      if (message !== problem) say("warn", message);
      problem = message;
      timer = setTimeout(() => void (opening = open()), retryMs);
      timer.unref();
    }
  };
  let opening: Promise<void> = open();
  return {
    check: () =>
      listener === undefined
        ? { name: "dns", status: "degraded", message: problem ?? `does not listen on 127.0.0.1:${port} yet` }
        : { name: "dns", status: "healthy", message: `listens on 127.0.0.1:${port}` },
    close: async () => {
      clearTimeout(timer);
      await opening;
      clearTimeout(timer);
      await listener?.close();
    },
  };
}

function messageOf(thrown: unknown, port: number): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "EADDRINUSE") {
    return `the port ${port} of DNS is taken by another program; trying again (solo.dns_port names another one)`;
  }
  return `DNS can't listen on 127.0.0.1:${port}: ${SoloError.from(thrown).message}`;
}
