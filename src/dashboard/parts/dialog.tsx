/** @jsxImportSource preact */
import type { ComponentChildren, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type ApiFailure, toFailure } from "../api/index.ts";
import { FailureNote } from "./failure-note.tsx";

export interface ConfirmProps {
  readonly title: string;
  /** What its button says. */
  readonly verb: string;
  /** Something is lost or ends. */
  readonly danger?: boolean;
  /** Does it; a failure is shown and leaves the dialog open. `say` tells how it goes on. */
  readonly act: (form: FormData, say: (progress: string) => void) => Promise<void>;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

/** Asks before something is done, shows how it goes on, and why it failed. Escape and Cancel leave everything as it is. */
export function Confirm({ title, verb, danger = false, act, onClose, children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [failure, setFailure] = useState<ApiFailure>();
  const [progress, setProgress] = useState<string>();
  const busy = progress !== undefined;
  useEffect(() => {
    // What had the focus gets it back: the browser sees to that when a dialog closes, not when it is taken away.
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setFailure(undefined);
    setProgress("…");
    try {
      await act(form, setProgress);
      onClose();
    } catch (thrown) {
      setFailure(toFailure(thrown));
      setProgress(undefined);
    }
  };
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {failure && <FailureNote failure={failure} />}
        <p class="progress" role="status">
          {progress}
        </p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {busy ? "Close" : "Cancel"}
          </button>
          <button type="submit" class={danger ? "danger" : "primary"} disabled={busy}>
            {verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
