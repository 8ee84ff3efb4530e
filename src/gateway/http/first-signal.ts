/** A signal that is aborted with the first of some others, until it is released. */
export interface FirstSignal {
  readonly signal: AbortSignal;
  release(): void;
}

/** Unlike `AbortSignal.any`, whose results a source that lives on keeps alive (with all that listens to them) for ever. */
export function firstSignal(...sources: readonly AbortSignal[]): FirstSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const source of sources) {
    if (source.aborted) abort();
    else source.addEventListener("abort", abort);
  }
  return {
    signal: controller.signal,
    release: () => {
      for (const source of sources) source.removeEventListener("abort", abort);
    },
  };
}
