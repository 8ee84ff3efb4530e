import { useEffect, useRef, useState } from "preact/hooks";
import type { OperationInput, OperationOutput } from "../../api/operations.ts";
import { type ApiFailure, type Followed, follow, toFailure } from "../api/index.ts";
import { useSession } from "../session/session.ts";

export interface Following<Element> {
  /** The latest, oldest first. */
  readonly elements: readonly Element[];
  /** How many came before those that are kept. */
  readonly dropped: number;
  readonly connected: boolean;
  readonly failure: ApiFailure | undefined;
}

/**
 * Follows a stream and keeps its latest elements. It takes one portion a frame; while it is paused it takes nothing, and what
 * comes meanwhile waits with the kernel. `input` must be the same object as long as the same is meant.
 */
export function useFollow<Name extends Followed>(
  name: Name,
  input: OperationInput<Name>,
  { keep, paused = false }: { readonly keep: number; readonly paused?: boolean },
): Following<OperationOutput[Name]> {
  const { client } = useSession();
  const [state, setState] = useState<Following<OperationOutput[Name]>>(nothing);
  const gate = useRef(openGate());
  useEffect(() => {
    if (!paused) {
      gate.current.open();
      return;
    }
    gate.current = closedGate();
  }, [paused]);
  useEffect(() => {
    const end = new AbortController();
    setState(nothing);
    const onConnected = (connected: boolean) => setState((before) => ({ ...before, connected }));
    const run = async () => {
      for await (const portion of follow(client, name, input, { signal: end.signal, onConnected })) {
        await gate.current.passed;
        if (end.signal.aborted) return;
        setState((before) => {
          const all = [...before.elements, ...portion];
          const over = Math.max(0, all.length - keep);
          return { ...before, elements: over > 0 ? all.slice(over) : all, dropped: before.dropped + over };
        });
        await nextFrame();
      }
    };
    run().catch((thrown: unknown) => {
      if (!end.signal.aborted) setState((before) => ({ ...before, connected: false, failure: toFailure(thrown) }));
    });
    return () => end.abort();
  }, [client, name, input, keep]);
  return state;
}

const nothing = { elements: [], dropped: 0, connected: false, failure: undefined };

interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

function closedGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}

function openGate(): Gate {
  const gate = closedGate();
  gate.open();
  return gate;
}

/** A page that nobody looks at has no frames. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) setTimeout(resolve, hiddenMs);
    else requestAnimationFrame(() => resolve());
  });
}
const hiddenMs = 250;
