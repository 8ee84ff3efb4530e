import type { ServiceRef } from "../../api/index.ts";
import type { TenantSettings } from "../../config/index.ts";
import type { RoutePort, ServicePressure } from "../../supervise/index.ts";
import type { Clock } from "../../system/index.ts";
import { RateLimit, Slots, TenantRates } from "../../traffic/admission/index.ts";
import { Breakers } from "../../traffic/breaker/index.ts";
import type { Kernel } from "../kernel.ts";
import { countCall } from "../metrics/index.ts";
import type { Routes } from "../routes.ts";
import type { Tracing } from "../tracing/tracing.ts";
import { allows } from "./allow.ts";
import { CallRefusals } from "./call-refusals.ts";
import { Mailboxes } from "./mailboxes.ts";
import { ServiceCalls } from "./service-calls.ts";
import { servicePressure } from "./service-pressure.ts";

/** How much may be in flight, and how often a capability may ask. */
export interface TrafficLimits {
  readonly maxPerTenant: number;
  readonly maxTotal: number;
  /** Operations a second. */
  readonly ratePerCapability: number;
}

export interface TrafficOptions {
  readonly limits: TrafficLimits;
  /** What the configuration says of tenants: operations a second, and in flight. */
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly clock: Clock;
  readonly kernel: () => Kernel;
  readonly tracing: Tracing;
  /** Whether a capability was granted for what its `allow` does not say. */
  readonly isGranted: (from: ServiceRef, to: ServiceRef, method: string) => boolean;
}

/** What keeps the pressure on services, and on the kernel, within bounds. */
export interface Traffic {
  readonly calls: ServiceCalls;
  readonly mailboxes: Mailboxes;
  readonly breakers: Breakers;
  readonly slots: Slots;
  readonly streams: Slots;
  readonly rates: RateLimit;
  readonly tenantRates: TenantRates;
  readonly pressure: ServicePressure;
}

export function openTraffic({ limits, tenants, clock, kernel, tracing, isGranted }: TrafficOptions): Traffic {
  const mailboxes = new Mailboxes(kernel);
  const breakers = new Breakers({
    clock,
    onChange: ({ caller, service, state }) => {
      const [tenant = ""] = service.split("/");
      kernel().emit({ tenant, event: events[state], subject: service, data: { caller } });
    },
  });
  const places = {
    perTenant: limits.maxPerTenant,
    total: limits.maxTotal,
    of: (tenant: string) => tenants.get(tenant)?.max_calls,
  };
  const slots = new Slots("requests", places);
  const mayCall: ConstructorParameters<typeof ServiceCalls>[0]["mayCall"] = (from, to, method) =>
    allows(kernel(), from, to) || isGranted(from.ref, to, method);
  const onEnd: ConstructorParameters<typeof ServiceCalls>[0]["onEnd"] = ({ target }, error, tookMs) => {
    // A service that is none would make a series of its own of every name that somebody thinks up.
    if (kernel().find(target) !== undefined) countCall(kernel().parts.metrics, target, error, tookMs);
  };
  return {
    calls: new ServiceCalls({
      kernel,
      mailboxes,
      breakers,
      slots,
      refusals: new CallRefusals(kernel),
      onEnd,
      tracing,
      mayCall,
    }),
    mailboxes,
    breakers,
    slots,
    streams: new Slots("streams", places),
    rates: new RateLimit(limits.ratePerCapability, clock),
    tenantRates: new TenantRates(clock, (tenant) => tenants.get(tenant)?.rate),
    pressure: servicePressure(kernel),
  };
}

/** What an instance has in work: its requests through the ingress and its calls, which share its limit. */
export function sharedWork(routes: Routes, mailboxes: Mailboxes): RoutePort {
  return {
    add: (ref, instance, port) => {
      const room = mailboxes.roomForRequests(ref, instance);
      const isSlowed = () => mailboxes.isSlowed(instance);
      routes.add(ref, { id: instance, port, isSlowed, ...(room !== undefined && { room }) });
    },
    drain: async (ref, instance, timeoutMs) => {
      const calls = mailboxes.peek(ref)?.drain(instance, timeoutMs);
      await Promise.all([routes.drain(ref, instance, timeoutMs), calls]);
    },
    remove: (ref, instance) => routes.remove(ref, instance),
  };
}

const events = {
  closed: "circuit_breaker_closed",
  open: "circuit_breaker_opened",
  half_open: "circuit_breaker_half_open",
} as const;
