import { type EventDocument, formatDuration } from "../../api/index.ts";

/** What an event says, as a sentence about its subject. */
export function sentence(event: EventDocument): string {
  const { data, subject } = event;
  const service = subject.split("/")[1] ?? subject;
  const instance = subject.split("/")[2] ?? subject;
  switch (event.event) {
    case "instance_started":
      return data.pid === null ? `${instance} could not be started` : `${instance} started, process ${text(data.pid)}`;
    case "instance_adopted":
      return `${instance} was taken over from the kernel before`;
    case "instance_ready":
      return `${instance} was ready`;
    case "instance_exited":
      return `${instance} ${endOf(data)}`;
    case "instance_unhealthy":
      return `${instance} was unwell: ${text(data.reason)}`;
    case "instance_stopped":
      return `${instance} was stopped`;
    case "crash_loop":
      return `${instance} was in a crash loop, and waited ${formatDuration(numberOf(data.delay_ms))}`;
    case "group_restart":
      return `${instance} restarts with ${text(data.failed)}: group ${text(data.group)} is ${text(data.strategy)}`;
    case "service_deployed":
      return `${service} was deployed as revision ${revision(data.revision)}`;
    case "service_unsandboxed":
      return `${service} was deployed without a sandbox, as revision ${revision(data.revision)}`;
    case "service_recorded":
      return `${service} was deployed in audit mode, as revision ${revision(data.revision)}: no file and no port is refused to it`;
    case "recorder_lost":
      return `${instance} had to end, since what recorded its uses had ended`;
    case "sandbox_refused":
      return `${instance}: ${text(data.advice)}`;
    case "service_failed":
      return `${service} failed to start: ${text(data.reason)}`;
    case "service_killed":
      return `${service} was stopped for good`;
    case "kill_requested":
      return data.force === true
        ? `somebody asked for it, by force: solo kill --force`
        : "somebody asked for it: solo kill";
    case "restart_requested":
      return "somebody asked for it: solo restart";
    case "scale_requested":
      return `somebody asked for it: solo scale, from ${text(data.from)} to ${text(data.to)}`;
    case "rollout_started":
      return data.from === data.to
        ? `every instance of revision ${revision(data.to)} was to be replaced`
        : `revision ${revision(data.to)} was to replace ${revision(data.from)}`;
    case "rollout_completed":
      return `every instance runs revision ${revision(data.revision)}`;
    case "rollout_rolled_back":
      return `${service} was rolled back to revision ${revision(data.revision)}: ${text(data.reason)}`;
    case "evolution_intent":
      return `${instance} wanted its ${text(data.target)} to be changed: ${text(data.reason)}`;
    case "evolution_started":
      return `a change of its ${text(data.target)} was put on trial behind checkpoint ${text(data.checkpoint)}`;
    case "evolution_promoted":
      return `the change of its ${text(data.target)} stays`;
    case "evolution_rejected":
      return `the change of its ${text(data.target)} was taken back: ${text(data.reason)}`;
    case "checkpoint_restored":
      return `${service} was set back to position ${text(data.restored_position)}`;
    case "kernel_started":
      return "the kernel started";
    case "kernel_stopping":
      return "the kernel was told to stop";
    default:
      return `${subject}: ${event.event}`;
  }
}

/** How a process ended. What the kernel ended because it was unwell is told by the event before. */
function endOf({ exit_code, signal, known }: EventDocument["data"]): string {
  if (known === false) return "ended, nobody knows how";
  if (typeof signal === "string") return `was ended by ${signal}`;
  return `exited with code ${text(exit_code)}`;
}

function revision(value: unknown): string {
  return text(value).slice(0, revisionDigits);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "?");
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

const revisionDigits = 12;
