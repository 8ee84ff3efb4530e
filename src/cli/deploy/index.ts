export { type ServiceFlags, type ServiceWords, serviceFromFlags, servicesFromFile } from "./deploy-request.ts";
export { sandboxed, warningOf } from "./sandbox.ts";
export { serviceFlags } from "./service-flags.ts";
