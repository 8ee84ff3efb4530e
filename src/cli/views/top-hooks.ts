import { useInput } from "ink";
import { useEffect, useRef, useState } from "react";
import { type ServiceRow, type SoloApi, SoloError } from "../../api/index.ts";
import { pause } from "../../system/index.ts";
import { type Key, LogTail, type TailLine, UseHistory } from "../top/index.ts";

/** The services, looked at again and again; the last ones stay while the kernel is away. */
export function useServices(
  kernel: Pick<SoloApi, "list" | "logs">,
  tenant: string,
  only: ReadonlySet<string> | undefined,
  intervalMs: number,
  signal: AbortSignal,
) {
  const history = useRef(new UseHistory(historyLooks)).current;
  const [seen, setSeen] = useState<{ rows: readonly ServiceRow[]; problem: string | undefined }>({
    rows: [],
    problem: undefined,
  });
  useEffect(() => {
    const left = new AbortController();
    const either = AbortSignal.any([signal, left.signal]);
    const look = async () => {
      while (!either.aborted) {
        try {
          const { services } = await kernel.list({ tenant });
          const rows = services.filter(({ service }) => only?.has(service) ?? true);
          history.add(rows);
          setSeen({ rows, problem: undefined });
        } catch (thrown) {
          setSeen(({ rows }) => ({ rows, problem: SoloError.from(thrown).message }));
        }
        await pause(intervalMs, either);
      }
    };
    void look();
    return () => left.abort();
  }, [kernel, tenant, only, intervalMs, signal, history]);
  return { ...seen, history };
}

/** The lines of some services, drawn at most a few times a second however many come. */
export function useLogLines(
  kernel: Pick<SoloApi, "list" | "logs">,
  tenant: string,
  followed: string,
): readonly TailLine[] {
  const tail = useRef(new LogTail(kernel, tenant)).current;
  const [, draw] = useState(0);
  useEffect(() => {
    const names = followed.split(" ").filter((name) => name !== "");
    // Someone who runs through the list does not want the lines of every service on the way.
    const timer = setTimeout(() => tail.follow(names), settleMs);
    const drawing = setInterval(() => draw(tail.changes), drawMs);
    return () => {
      clearTimeout(timer);
      clearInterval(drawing);
      tail.close();
    };
  }, [tail, followed]);
  return tail.lines;
}

export function useKeys(onKey: (key: Key) => void): void {
  useInput((input, key) => {
    // In raw mode the terminal does not make a signal of it.
    if (key.ctrl && input === "c") process.kill(process.pid, "SIGINT");
    else if (key.upArrow) onKey({ name: "up" });
    else if (key.downArrow) onKey({ name: "down" });
    else if (key.pageUp) onKey({ name: "page_up" });
    else if (key.pageDown) onKey({ name: "page_down" });
    else if (key.home) onKey({ name: "home" });
    else if (key.end) onKey({ name: "end" });
    else if (key.return) onKey({ name: "enter" });
    else if (key.escape) onKey({ name: "escape" });
    else if (key.backspace || key.delete) onKey({ name: "backspace" });
    else if (!key.ctrl && !key.meta) for (const text of input) onKey(typed.get(text) ?? { text });
  });
}

const historyLooks = 300;
const settleMs = 150;
const drawMs = 200;
/** Keys that write something, when they come together with others. */
const typed: ReadonlyMap<string, Key> = new Map([
  ["\r", { name: "enter" }],
  ["\u007f", { name: "backspace" }],
]);
