import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type ApiFailure, toFailure } from "../api/index.ts";

export interface Polled<Value> {
  /** The latest that came. */
  readonly value: Value | undefined;
  /** Why no newer one came. */
  readonly failure: ApiFailure | undefined;
  /** Asks at once. */
  readonly refresh: () => void;
}

/**
 * Asks again and again, while somebody looks at the page, and never while the answer before is under way. `load` must change
 * when something else is to be asked for.
 */
export function usePoll<Value>(load: (signal: AbortSignal) => Promise<Value>, everyMs: number): Polled<Value> {
  const [value, setValue] = useState<Value>();
  const [failure, setFailure] = useState<ApiFailure>();
  const ask = useRef<() => void>(() => undefined);
  // Not after the first frame, which would be late for the first question.
  useLayoutEffect(() => {
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let asking = false;
    let again = false;
    const run = async () => {
      if (asking) {
        again = true;
        return;
      }
      asking = true;
      clearTimeout(timer);
      try {
        const loaded = await load(end.signal);
        if (end.signal.aborted) return;
        setValue(() => loaded);
        setFailure(undefined);
      } catch (thrown) {
        if (end.signal.aborted) return;
        setFailure(toFailure(thrown));
      }
      asking = false;
      if (document.hidden) return;
      timer = setTimeout(() => void run(), again ? 0 : everyMs);
      again = false;
    };
    const onVisible = () => {
      if (!document.hidden) void run();
    };
    ask.current = () => void run();
    document.addEventListener("visibilitychange", onVisible);
    setValue(undefined);
    setFailure(undefined);
    void run();
    return () => {
      end.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [load, everyMs]);
  const refresh = useCallback(() => ask.current(), []);
  return { value, failure, refresh };
}
