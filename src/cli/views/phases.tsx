import { Box, render, Text } from "ink";
import { useEffect, useState } from "react";
import type { Phase, PhaseDisplay, PhaseOutcome } from "../streams/follow-progress.ts";

/** Draws one line per service on stderr that changes as its deployment goes on, and leaves the last state standing. */
export function drawPhases(): PhaseDisplay {
  const phases = new Map<string, Phase>();
  const started = Date.now();
  const options = { stdout: process.stderr, patchConsole: false, exitOnCtrlC: false };
  const app = render(<Phases phases={[]} started={started} outcome={undefined} />, options);
  const draw = (outcome?: PhaseOutcome) =>
    app.rerender(<Phases phases={[...phases.values()]} started={started} outcome={outcome} />);
  return {
    phase(element) {
      phases.set(element.service, element);
      draw();
    },
    async end(outcome) {
      draw(outcome);
      app.unmount();
      await app.waitUntilExit();
    },
  };
}

interface PhasesProps {
  readonly phases: readonly Phase[];
  readonly started: number;
  /** Undefined while it goes on. */
  readonly outcome: PhaseOutcome | undefined;
}

function Phases({ phases, started, outcome }: PhasesProps) {
  const running = outcome === undefined;
  const frame = useFrame(running);
  const nameWidth = Math.max(0, ...phases.map(({ service }) => service.length));
  return (
    <Box flexDirection="column">
      {phases.map(({ service, phase, message, ready, replicas }) => (
        <Box key={service}>
          <Mark done={isDone(phase)} turning={spinner[frame] ?? ""} outcome={outcome} />
          <Text bold>{service.padEnd(nameWidth)} </Text>
          <Text color="cyan">{phase.padEnd(phaseWidth)} </Text>
          <Text>{counting.has(phase) && replicas > 0 ? `${bar(ready, replicas)} ${ready}/${replicas} ` : ""}</Text>
          <Text dimColor wrap="truncate">
            {phase === "ready" ? "ready" : message}
            {running ? `  ${((Date.now() - started) / 1_000).toFixed(1)}s` : ""}
          </Text>
        </Box>
      ))}
    </Box>
  );
}

interface MarkProps {
  readonly done: boolean;
  readonly turning: string;
  readonly outcome: PhaseOutcome | undefined;
}

/** How a service's deployment stands, as one sign. */
function Mark({ done, turning, outcome }: MarkProps) {
  if (done || outcome === "done") return <Text color="green">✓ </Text>;
  if (outcome === "failed") return <Text color="red">✗ </Text>;
  return <Text color="yellow">{outcome === undefined ? turning : "·"} </Text>;
}

/** The spinner's position, turning while something runs. */
function useFrame(running: boolean): number {
  const [frame, setFrame] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setFrame((previous) => (previous + 1) % spinner.length), frameMs);
    return () => clearInterval(timer);
  }, [running]);
  return frame;
}

function bar(ready: number, replicas: number): string {
  const filled = Math.round((ready / replicas) * barWidth);
  return "█".repeat(filled) + "░".repeat(barWidth - filled);
}

function isDone(phase: Phase["phase"]): boolean {
  return phase === "ready" || phase === "unchanged";
}

/** Phases in which the number of ready instances changes. */
const counting: ReadonlySet<Phase["phase"]> = new Set(["start", "ready", "replace", "stop"]);
const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;
const barWidth = 10;
const phaseWidth = "unchanged".length;
