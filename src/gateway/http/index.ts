export { type ApiServer, type ServeOptions, serveApi } from "./serve-api.ts";
