import { statfs } from "node:fs/promises";
import type { Check, HealthDocument } from "../api/index.ts";
import { formatSize } from "../api/index.ts";
import { budgetsCheck, statesCheck } from "./checks/index.ts";
import type { Kernel } from "./kernel.ts";
import { secretsCheck } from "./secrets.ts";

/** Below this share of the disk left, writes may soon fail. */
const lowDiskShare = 0.05;
/** Below this, the kernel counts as unhealthy: it can't be sure to keep a change of the desired state. */
const criticalDiskBytes = 32_000_000;

/** How the kernel itself is doing, part by part. */
export async function health(kernel: Kernel): Promise<HealthDocument> {
  const { parts } = kernel;
  const checks = [
    databaseCheck(kernel),
    await diskCheck(parts.paths.dataDir),
    ingressCheck(kernel),
    eventsCheck(kernel),
    auditCheck(kernel),
    logsCheck(kernel),
    statesCheck(parts.states),
    parts.clockWatch.check(),
    lastEndCheck(kernel),
    ...parts.doors(),
  ];
  const secrets = secretsCheck(kernel);
  if (secrets !== undefined) checks.push(secrets);
  const budgets = await budgetsCheck(kernel);
  if (budgets !== undefined) checks.push(budgets);
  const guarded = parts.guarded();
  if (guarded !== null) checks.push(guardianCheck(guarded));
  const rows = kernel.services().filter(({ desired }) => desired === "running");
  return {
    status: worst(checks),
    pid: process.pid,
    checks,
    version: parts.version.version,
    uptime_ms: Math.round(kernel.clock.monotonic() - kernel.startedAt),
    memory_bytes: process.memoryUsage.rss(),
    services: {
      total: rows.length,
      ready: rows.filter((service) => kernel.readyCount(service) >= service.replicas).length,
    },
  };
}

function databaseCheck({ parts }: Kernel): Check {
  try {
    parts.database.meta.set("health", new Date(parts.clock.now()).toISOString());
    return { name: "database", status: "healthy", message: "accepts writes" };
  } catch (error) {
    return { name: "database", status: "unhealthy", message: error instanceof Error ? error.message : String(error) };
  }
}

async function diskCheck(directory: string): Promise<Check> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const message = `${formatSize(free)} free`;
  if (free < criticalDiskBytes) return { name: "disk", status: "unhealthy", message };
  return { name: "disk", status: bavail / blocks < lowDiskShare ? "degraded" : "healthy", message };
}

function ingressCheck({ routes }: Kernel): Check {
  const { ingress } = routes;
  if (ingress === undefined) {
    return { name: "ingress", status: "degraded", message: "its port is taken by another program; trying again" };
  }
  return { name: "ingress", status: "healthy", message: `listens on port ${ingress.port}` };
}

function eventsCheck({ parts }: Kernel): Check {
  const { dropped } = parts.events;
  if (dropped === 0) return { name: "events", status: "healthy", message: "none lost" };
  return { name: "events", status: "degraded", message: `${dropped} lost because the disk took none` };
}

function auditCheck({ parts }: Kernel): Check {
  const { unrecorded } = parts.audit.trail;
  const problem = parts.audit.trail.problem ?? parts.audit.deliveryProblem();
  if (problem !== null) return { name: "audit", status: "degraded", message: problem };
  if (unrecorded === 0) return { name: "audit", status: "healthy", message: "records every change" };
  return { name: "audit", status: "degraded", message: `${unrecorded} outcomes and refusals could not be recorded` };
}

function logsCheck({ parts }: Kernel): Check {
  const problem = parts.logProblem();
  return { name: "logs", status: problem === null ? "healthy" : "degraded", message: problem ?? "every line is kept" };
}

/** For those who look into it: this kernel is as well as any other. */
function lastEndCheck({ parts: { lastEnd } }: Kernel): Check {
  if (lastEnd === null) return { name: "last_end", status: "healthy", message: "this is the first kernel here" };
  const { clean, time, reason } = lastEnd;
  const when = time === null ? "" : ` (${time})`;
  const message = clean ? `clean${when}` : `not clean: ${reason}${when}; everything acknowledged was recovered`;
  return { name: "last_end", status: "healthy", message };
}

function guardianCheck(guarded: boolean): Check {
  return {
    name: "guardian",
    status: guarded ? "healthy" : "degraded",
    message: guarded ? "watches this kernel" : "is gone: `solo stop --keep-services`, then `solo start` brings it back",
  };
}

function worst(checks: readonly Check[]): HealthDocument["status"] {
  if (checks.some(({ status }) => status === "unhealthy")) return "unhealthy";
  return checks.some(({ status }) => status === "degraded") ? "degraded" : "healthy";
}
