import type { DefineService, Service } from "./service.ts";

export type { Secrets } from "./secrets.ts";
export type { Context, DefineService, HealthReport, Input, Log, Method, Service } from "./service.ts";
export type { Run, RunningSteps, Steps } from "./steps.ts";

/** On every object that went through `defineService`. Registered, so that two copies of the SDK agree on it. */
const marker = Symbol.for("solo.service");

/** Marks an object as a service. Returns it unchanged, with its type. */
export const defineService: DefineService = (service) => {
  Object.defineProperty(service, marker, { value: true });
  return service;
};

/** Whether a value went through {@link defineService}. */
export function isService(value: unknown): value is Service {
  return typeof value === "object" && value !== null && marker in value;
}
