/** @jsxImportSource preact */
import type { ApiFailure } from "../api/index.ts";

/** A refusal in the kernel's words: code, message, and what to do. */
export function FailureNote({ failure }: { readonly failure: ApiFailure }) {
  return (
    <div class="failure" role="alert">
      <p>
        <code>{failure.code}</code> {failure.message}
      </p>
      {failure.hint !== null && <p class="hint">{failure.hint}</p>}
    </div>
  );
}
