/** @jsxImportSource preact */
import { moment } from "./format.ts";

/** A point in time: short in sight, in full under the pointer. */
export function Time({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="faint">–</span>;
  return (
    <time dateTime={at} title={at}>
      {moment(at)}
    </time>
  );
}
