export { budgetsCheck } from "./budgets.ts";
export { ClockWatch } from "./clock-watch.ts";
export { statesCheck } from "./states.ts";
