/** @jsxImportSource preact */
import type { CheckpointDocument } from "../../api/checkpoints.ts";
import { moment } from "../parts/index.ts";

export interface TimelineProps {
  /** Oldest first, at least one. */
  readonly checkpoints: readonly CheckpointDocument[];
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

/**
 * Checkpoints along time: what somebody made stands above the line, what was made by itself on it. For the pointer: the list
 * below says the same, in an order in which it can be walked and read out.
 */
export function Timeline({ checkpoints, chosen, onChoose }: TimelineProps) {
  const times = checkpoints.map(({ created }) => Date.parse(created));
  const first = Math.min(...times);
  const span = Math.max(Date.now() - first, 1);
  return (
    <div class="timeline" aria-hidden="true">
      <div class="axis">
        {checkpoints.map(({ id, created, reason, position }, index) => (
          <button
            key={id}
            type="button"
            tabIndex={-1}
            class={`dot ${reason === "manual" ? "manual" : "automatic"} ${id === chosen ? "chosen" : ""}`}
            style={{ left: `${(((times[index] ?? first) - first) / span) * 100}%` }}
            title={`${moment(created)}, ${reason.replaceAll("_", " ")}, position ${position}`}
            onClick={() => onChoose(id)}
          />
        ))}
      </div>
      <p>
        <span>{moment(new Date(first).toISOString())}</span>
        <span>now</span>
      </p>
    </div>
  );
}
