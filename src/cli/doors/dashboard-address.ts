import { SoloError } from "../../api/index.ts";
import type { SoloClient } from "../../client/index.ts";
import type { Session } from "../session.ts";

/**
 * Where a browser finds the dashboard of the kernel that is meant.
 * @throws SoloError `not_running` when its HTTP API is off or not open, with its own reason
 */
export async function dashboardAddress(session: Session, kernel: SoloClient): Promise<string> {
  const target = session.config.target();
  if (target !== null && !target.url.startsWith("unix:")) return new URL("/", target.url).href;
  const { checks } = await kernel.health({});
  const door = checks.find(({ name }) => name === "http");
  if (door === undefined) {
    throw new SoloError("not_running", "the kernel has no HTTP API, and so no dashboard", {
      hint: "give solo.http_port a port, such as 8080, and start the kernel again",
    });
  }
  const [, bind, port, tls] = /^listens on (.+):(\d+)( \(.*TLS\))?$/.exec(door.message) ?? [];
  if (bind === undefined || port === undefined) throw new SoloError("not_running", door.message);
  return `${tls === undefined ? "http" : "https"}://${reachable(bind)}:${port}/`;
}

/** An address that stands for all of the machine's is one to listen on, not one to go to. */
function reachable(bind: string): string {
  if (bind === "0.0.0.0" || bind === "::") return "localhost";
  return bind.includes(":") ? `[${bind}]` : bind;
}
