export { StepRequests } from "./request.ts";
export { ServiceSteps } from "./service-steps.ts";
