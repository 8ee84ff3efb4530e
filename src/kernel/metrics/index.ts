export { metricsApi } from "./api.ts";
export { countCall, countEvent, countOperation, type EndedOperation } from "./count.ts";
