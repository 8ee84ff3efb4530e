export { openMetricsDoor } from "./metrics-door.ts";
export { type ApiServer, type ServeOptions, serveApi } from "./serve-api.ts";
export { openTcpDoor } from "./tcp-door.ts";
