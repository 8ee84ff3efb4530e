import { Box, render, Text } from "ink";
import { useEffect, useState } from "react";
import type { Phase, PhaseDisplay } from "../follow-progress.ts";

/** Draws one line per service on stderr that changes as its deployment goes on, and leaves the last state standing. */
export function drawPhases(): PhaseDisplay {
  const phases = new Map<string, Phase>();
  const started = Date.now();
  const options = { stdout: process.stderr, patchConsole: false, exitOnCtrlC: false };
  const app = render(<Phases phases={[]} started={started} running />, options);
  const draw = (running: boolean) =>
    app.rerender(<Phases phases={[...phases.values()]} started={started} running={running} />);
  return {
    phase(element) {
      phases.set(element.service, element);
      draw(true);
    },
    async end() {
      draw(false);
      app.unmount();
      await app.waitUntilExit();
    },
  };
}

interface PhasesProps {
  readonly phases: readonly Phase[];
  readonly started: number;
  readonly running: boolean;
}

function Phases({ phases, started, running }: PhasesProps) {
  const frame = useFrame(running);
  const nameWidth = Math.max(0, ...phases.map(({ service }) => service.length));
  return (
    <Box flexDirection="column">
      {phases.map(({ service, phase, message, ready, replicas }) => (
        <Box key={service}>
          <Text color={isDone(phase) ? "green" : "yellow"}>
            {isDone(phase) ? "✓" : running ? spinner[frame] : "·"}{" "}
          </Text>
          <Text bold>{service.padEnd(nameWidth)} </Text>
          <Text color="cyan">{phase.padEnd(phaseWidth)} </Text>
          <Text>{replicas > 0 ? `${bar(ready, replicas)} ${ready}/${replicas} ` : ""}</Text>
          <Text dimColor wrap="truncate">
            {message}
            {running ? `  ${((Date.now() - started) / 1_000).toFixed(1)}s` : ""}
          </Text>
        </Box>
      ))}
    </Box>
  );
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

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;
const barWidth = 10;
const phaseWidth = "unchanged".length;
