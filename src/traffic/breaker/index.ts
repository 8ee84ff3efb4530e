export { type BreakerChange, Breakers, type BreakerView, type Passage } from "./breakers.ts";
export type { Outcome } from "./machine.ts";
