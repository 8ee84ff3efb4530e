import type { Socket } from "node:net";
import { type MethodDefinition, Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import { BatchedSocket } from "./batched-socket.ts";
import { CallsInWork } from "./calls-in-work.ts";
import { capabilityMethods } from "./capabilities.ts";
import { checkpointMethods } from "./checkpoints.ts";
import type { GrpcContext } from "./context.ts";
import { discoveryMethods } from "./discovery.ts";
import { healthMethods } from "./health.ts";
import { kernelMethods } from "./kernel-events.ts";
import type { Method } from "./method.ts";
import { oldReflectionMethods, reflectionMethods } from "./reflection.ts";
import { serviceMethods } from "./services.ts";
import { stateMethods } from "./state.ts";

/** What speaks gRPC on connections that somebody else accepts. */
export interface GrpcServer {
  serve(socket: Socket): void;
  /** Answers what is in work for a moment, then cuts off what is left. */
  close(): Promise<void>;
}

/** Each with whether it is open to callers without credentials. */
const services: readonly { readonly methods: readonly Method[]; readonly isOpen: boolean }[] = [
  {
    methods: [
      ...serviceMethods,
      ...kernelMethods,
      ...discoveryMethods,
      ...capabilityMethods,
      ...checkpointMethods,
      ...stateMethods,
    ],
    isOpen: false,
  },
  { methods: healthMethods, isOpen: true },
  { methods: reflectionMethods, isOpen: true },
  { methods: oldReflectionMethods, isOpen: true },
];

export function createGrpcServer(options: Omit<GrpcContext, "inWork" | "connections">): GrpcServer {
  const connections = new Map<string, BatchedSocket>();
  const context = { ...options, inWork: new CallsInWork(), connections };
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": maxConcurrentStreams,
    // Finds connections whose other end is gone without a word.
    "grpc.keepalive_time_ms": keepaliveMs,
    "grpc.keepalive_timeout_ms": keepaliveMs,
    "grpc.enable_channelz": 0,
  });
  for (const { methods, isOpen } of services) {
    const definitions: Record<string, MethodDefinition<Buffer, Buffer>> = {};
    const handlers: Record<string, UntypedHandleCall> = {};
    for (const { name, definition, handlerFor } of methods) {
      definitions[name] = definition;
      handlers[name] = handlerFor(context, isOpen);
    }
    server.addService(definitions, handlers);
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    serve: (socket) => {
      const connection = new BatchedSocket(socket);
      const { peer } = connection;
      connections.set(peer, connection);
      connection.on("close", () => {
        if (connections.get(peer) === connection) connections.delete(peer);
      });
      injector.injectConnection(connection);
    },
    close: async () => {
      await context.inWork.none(closeGraceMs);
      // What was answered last is on its way still.
      await Bun.sleep(lastWordsMs);
      const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
      await Promise.race([ended, Bun.sleep(lastWordsMs)]);
      server.forceShutdown();
      injector.destroy();
    },
  };
}

/** A message that a client sends: what gRPC's own implementations take where nothing is said. */
const maxMessageBytes = 4 * 1_048_576;
/** Calls in work on one connection; a client with more waits. */
const maxConcurrentStreams = 1_000;
const keepaliveMs = 30_000;
/** Operations that were called off tell why, and streams end, within milliseconds. */
const closeGraceMs = 500;
const lastWordsMs = 50;
