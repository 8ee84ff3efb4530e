import { Box, render, Text, useApp, useInput } from "ink";
import { useEffect, useState } from "react";
import { pause } from "../../system/index.ts";
import { renderWatched, type Watched } from "../streams/watched.ts";
import type { Style } from "../style.ts";

export interface DrawOptions {
  readonly read: () => Promise<Watched>;
  readonly intervalMs: number;
  readonly style: Style;
  readonly signal: AbortSignal;
}

/** Shows a status that keeps itself up to date, until `q` or the signal. Throws what a reading throws. */
export async function drawWatch(options: DrawOptions): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure = { error };
  };
  const app = render(<Watch {...options} fail={fail} />, { patchConsole: false, exitOnCtrlC: false });
  options.signal.addEventListener("abort", () => app.unmount(), { once: true });
  await app.waitUntilExit();
  if (failure) throw failure.error;
}

function Watch({ read, intervalMs, style, signal, fail }: DrawOptions & { readonly fail: (error: unknown) => void }) {
  const { exit } = useApp();
  const [document, setDocument] = useState<Watched>();
  useEffect(() => {
    const left = new AbortController();
    const either = AbortSignal.any([signal, left.signal]);
    const loop = async () => {
      while (!either.aborted) {
        setDocument(await read());
        await pause(intervalMs, either);
      }
    };
    loop().catch((error: unknown) => {
      fail(error);
      exit();
    });
    return () => left.abort();
  }, [read, intervalMs, signal, fail, exit]);
  const view = { style, width: process.stdout.columns ?? fallbackColumns, now: Date.now() };
  return (
    <Box flexDirection="column">
      {process.stdin.isTTY ? <QuitKey onQuit={exit} /> : null}
      <Text>{document === undefined ? "…" : fitting(renderWatched(document, view), process.stdout.rows)}</Text>
      <Text dimColor>{`\n${new Date().toTimeString().slice(0, 8)}  q to quit`}</Text>
    </Box>
  );
}

/** As many lines as the terminal can show: one that must scroll can't be drawn in place. */
function fitting(text: string, rows = fallbackRows): string {
  const lines = text.split("\n");
  const room = Math.max(1, rows - rowsBelow);
  if (lines.length <= room) return text;
  return [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`].join("\n");
}

/** Raw mode exists only on a terminal, so this part is left out where stdin is none. */
function QuitKey({ onQuit }: { readonly onQuit: () => void }) {
  useInput((input, key) => {
    if (input === "q") onQuit();
    // In raw mode the terminal does not make a signal of it.
    if (key.ctrl && input === "c") process.kill(process.pid, "SIGINT");
  });
  return null;
}

const fallbackColumns = 80;
const fallbackRows = 24;
/** The empty one, the time, and where the cursor stands. */
const rowsBelow = 3;
