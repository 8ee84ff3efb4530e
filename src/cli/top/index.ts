export { carryOut, describe, type OrderOutcome } from "./carry-out.ts";
export { sparkline, UseHistory, type UseSample } from "./history.ts";
export { LogTail, type TailLine } from "./log-tail.ts";
export { initialState, type Key, press, selectedIndex, shownRows, type TopState } from "./state.ts";
