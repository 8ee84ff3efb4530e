export { Audit } from "./audit.tsx";
export { Capabilities } from "./capabilities.tsx";
export { Events } from "./events.tsx";
export { KernelHealth } from "./kernel-health.tsx";
