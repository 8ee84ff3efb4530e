import type { ApiAccess } from "../../api/index.ts";
import { type Door, openDoor } from "../shared/index.ts";
import { listen } from "./listen.ts";

export interface DnsDoorOptions {
  readonly access: ApiAccess;
  readonly port: number;
  readonly onBug: (error: Error) => void;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** The names of `solo.internal` on a port of loopback. */
export function openDnsDoor({ access, port, onBug, say }: DnsDoorOptions): Door {
  const list = async (tenant: string) => (await import("./respond.ts")).servicesOf(access)(tenant);
  return openDoor({
    name: "dns",
    title: "DNS",
    setting: "solo.dns_port",
    port: `the port ${port} of DNS`,
    address: `127.0.0.1:${port}`,
    say,
    listen: () => listen(port, list, onBug),
    close: (listener) => listener?.close(),
  });
}
