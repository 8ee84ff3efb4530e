import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./ports.ts";
import { until } from "./until.ts";

/** A real syslog daemon with a unix socket, a UDP and a TCP port of its own. */
export interface Rsyslog extends AsyncDisposable {
  readonly url: { readonly unix: string; readonly udp: string; readonly tcp: string };
  /** What it has received, as it understood it: `PRI|APP|MSGID|MESSAGE`. */
  lines(): string[];
}

export async function startRsyslog(): Promise<Rsyslog> {
  // The socket's path is short: 107 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), "rsyslog-"));
  const output = join(folder, "out.log");
  const socket = join(folder, "log.sock");
  const [udp, tcp] = freePorts(2);
  writeFileSync(
    join(folder, "rsyslog.conf"),
    `global(workDirectory="${folder}" maxMessageSize="32k")
    module(load="imuxsock" SysSock.Use="off")
    module(load="imudp")
    module(load="imtcp")
    input(type="imuxsock" Socket="${socket}" UseSpecialParser="off" ParseHostname="on" RateLimit.Interval="0")
    input(type="imudp" address="127.0.0.1" port="${udp}")
    input(type="imtcp" address="127.0.0.1" port="${tcp}")
    template(name="parsed" type="string" string="%pri%|%app-name%|%msgid%|%msg%\\n")
    action(type="omfile" file="${output}" template="parsed" asyncWriting="off")`,
  );
  const child = Bun.spawn(
    ["/usr/sbin/rsyslogd", "-n", "-f", join(folder, "rsyslog.conf"), "-i", join(folder, "rsyslog.pid")],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  const stop = async () => {
    child.kill("SIGKILL");
    await child.exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until("rsyslogd listens", () => existsSync(socket), 20_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: { unix: `unix://${socket}`, udp: `udp://127.0.0.1:${udp}`, tcp: `tcp://127.0.0.1:${tcp}` },
    lines: () => (existsSync(output) ? readFileSync(output, "utf8").trimEnd().split("\n") : []),
    [Symbol.asyncDispose]: stop,
  };
}
