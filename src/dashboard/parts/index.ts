export { Confirm } from "./dialog.tsx";
export { FailureNote } from "./failure-note.tsx";
export { bytes, duration, moment, percent } from "./format.ts";
export { NotAllowed } from "./not-allowed.tsx";
export { SearchField } from "./search-field.tsx";
export { StateBadge } from "./state-badge.tsx";
export { Time } from "./time.tsx";
export { useFollow } from "./use-follow.ts";
export { type Polled, usePoll } from "./use-poll.ts";
