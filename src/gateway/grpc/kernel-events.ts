import type { MessageInitShape } from "@bufbuild/protobuf";
import { type EventDocument, type LogLine, SoloError } from "../../api/index.ts";
import { type EventSchema, SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { merged } from "../shared/index.ts";
import { type Method, serverStreaming, unary } from "./method.ts";
import { defaultGraceMs, serviceOf } from "./services.ts";
import { invalid, jsonBytes, millisecondsOf } from "./values.ts";

type Event = MessageInitShape<typeof EventSchema>;

/** Watch and Shutdown. */
export const kernelMethods: readonly Method[] = [
  serverStreaming(SoloKernel.method.watch, async function* ({ serviceId, includeLogs, sinceId, historyOnly }, call) {
    const { api, signal } = call;
    const tenant = call.tenant();
    const follow = !historyOnly;
    const service = { name: serviceId === "" ? undefined : serviceOf(serviceId) };
    const events = map(api.events({ tenant, ...service, follow, since_cursor: String(sinceId) }, signal), eventOf);
    if (includeLogs) {
      if (service.name === undefined) throw invalid("include_logs", "needs a service_id");
      const lines = api.logs({ tenant, name: service.name, follow, tail: 0 }, signal);
      yield* merged([events, map(lines, (line) => logEventOf(line, tenant))]);
    } else yield* events;
    // Events that are followed end with the kernel alone: a client is to come back for those of the next one.
    if (follow && !signal.aborted) throw new SoloError("unreachable", "the kernel is stopping");
  }),
  unary(SoloKernel.method.shutdown, async ({ gracePeriodMs, keepServices }, { api }) => {
    const grace_ms = gracePeriodMs > 0 ? gracePeriodMs : defaultGraceMs;
    const { stopped, kept, took_ms } = await api.shutdown({ keep_services: keepServices, grace_ms });
    return { status: "ok", message: `${stopped} services stopped, ${kept} left running, in ${took_ms} ms` };
  }),
];

function eventOf({ id, time, event, subject, data, cause }: EventDocument): Event {
  return {
    id: BigInt(id),
    timestamp: millisecondsOf(time),
    eventType: event,
    subject,
    payload: jsonBytes(data),
    causationId: BigInt(cause ?? 0),
  };
}

function logEventOf({ service, instance, time, stream, level, message }: LogLine, tenant: string): Event {
  return {
    timestamp: millisecondsOf(time),
    eventType: "service_log",
    subject: `${tenant}/${service}/${instance}`,
    payload: jsonBytes({ stream, level, message }),
  };
}

async function* map<From, To>(elements: AsyncIterable<From>, change: (element: From) => To): AsyncGenerator<To> {
  for await (const element of elements) yield change(element);
}
