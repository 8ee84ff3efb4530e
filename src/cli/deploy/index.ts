export { bringPrograms } from "./bring-programs.ts";
export { type ServiceFlags, type ServiceWords, serviceFromFlags, servicesFromFile } from "./deploy-request.ts";
export { sandboxed, warningsOf } from "./sandbox.ts";
export { serviceFlags } from "./service-flags.ts";
export { servicePath } from "./service-path.ts";
