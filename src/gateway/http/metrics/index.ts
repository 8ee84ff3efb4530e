export { handleMetrics } from "./handle-metrics.ts";
