export { type ServiceFlags, type ServiceWords, serviceFromFlags, servicesFromFile } from "./deploy-request.ts";
export { serviceFlags } from "./service-flags.ts";
