import { existsSync } from "node:fs";
import { type HealthDocument, SoloError } from "../../api/index.ts";
import type { LoadedConfig } from "../../config/index.ts";
import { build, lockedBy } from "../../system/index.ts";
import type { Session } from "../session.ts";
import { error, type Finding, info, ok, warning } from "./finding.ts";

/** The kernel: whether it runs, answers and is of this build; what a dead one left behind; whether the ingress's port is free. */
export async function checkKernel(session: Session): Promise<Finding[]> {
  const kernel = await session.kernel();
  try {
    const [health, version] = await Promise.all([kernel.health({}), kernel.version({})]);
    return [running(health), skew(version.version, version.commit), ...fromHealth(health)];
  } catch (thrown) {
    if (!(thrown instanceof SoloError) || thrown.code !== "unreachable") throw thrown;
    if (!session.isLocal) return [error("kernel", thrown.message, thrown.hint ?? "check the context's address")];
    return [absent(session.config), await database(session), port(session.config)];
  } finally {
    await kernel.close();
  }
}

function running({ pid, uptime_ms }: HealthDocument): Finding {
  return ok("kernel", `pid ${pid} answers, up ${Math.round(uptime_ms / 1_000)} s`);
}

function skew(version: string, commit: string): Finding {
  if (version === build.version && commit === build.commit)
    return ok("version", `${version} (${commit}), the same as this program`);
  return warning(
    "version",
    `the kernel is ${version} (${commit}), this program ${build.version} (${build.commit})`,
    "`solo stop --keep-services`, then `solo start`: the services keep running",
  );
}

function fromHealth({ checks }: HealthDocument): Finding[] {
  const hint = "`solo health` and the kernel's log tell more";
  return checks.map(({ name, status, message }) => {
    if (status === "healthy") return ok(name, message);
    return status === "degraded" ? warning(name, message, hint) : error(name, message, hint);
  });
}

function absent({ paths }: LoadedConfig): Finding {
  const holder = lockedBy(paths.lock);
  if (holder !== undefined) {
    return error(
      "kernel",
      `pid ${holder} holds ${paths.lock} but does not answer`,
      `it hangs or is just starting; \`kill ${holder}\` ends it, its guardian starts the next`,
    );
  }
  if (existsSync(paths.socket))
    return info("kernel", `none runs; ${paths.socket} is left from an earlier one, the next one replaces it`);
  return info("kernel", "none runs; `solo start` or the first `solo deploy` starts it");
}

/** Without a kernel its records are looked into here, as `solo list` does. */
async function database(session: Session): Promise<Finding> {
  try {
    const files = await (await session.door()).openReadOnly(session.config);
    const { services } = await files.list({ tenant: session.tenant });
    return ok("database", services.length === 1 ? "readable, 1 service" : `readable, ${services.length} services`);
  } catch (thrown) {
    const { message, hint } = SoloError.from(thrown);
    return error("database", message, hint ?? "`solo list` tells more");
  }
}

function port(config: LoadedConfig): Finding {
  const wanted = config.get("solo.ingress_port");
  try {
    Bun.listen({ hostname: config.get("solo.bind"), port: wanted, socket: { data() {} } }).stop(true);
    return ok("ingress port", `${wanted} is free`);
  } catch {
    return error(
      "ingress port",
      `${wanted} is in use by another program`,
      "choose another one: solo.ingress_port in the configuration, or SOLO_INGRESS_PORT",
    );
  }
}
