import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { SoloError } from "../../api/index.ts";
import { type Call, greet, type OpenCall, openCall } from "./call.ts";
import type { GrpcContext } from "./context.ts";
import { failureOf } from "./status.ts";
import { writeAll } from "./write-all.ts";

/** One method as grpc-js takes it. Messages cross it as bytes, so that one that is malformed is a refusal like any other. */
export interface Method {
  readonly name: string;
  readonly definition: MethodDefinition<Buffer, Buffer>;
  readonly handlerFor: (context: GrpcContext, isOpen: boolean) => UntypedHandleCall;
}

/** A method that answers one message. */
export function unary<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodUnary<Input, Output>,
  handle: (request: MessageShape<Input>, call: Call) => Promise<MessageInitShape<Output>>,
): Method {
  const handlerFor: Method["handlerFor"] = (context, isOpen) => {
    const handler: handleUnaryCall<Buffer, Buffer> = (grpcCall, answer) =>
      inCall({ method, grpcCall, context, isOpen, fail: answer }, async (call) => {
        answer(null, encode(method.output, await handle(decode(method.input, grpcCall.request), call)));
      });
    return handler;
  };
  return { name: method.name, definition: definitionOf(method), handlerFor };
}

/** A method that answers a stream. It ends when the client goes, when its deadline passes, and when the kernel stops. */
export function serverStreaming<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodServerStreaming<Input, Output>,
  handle: (request: MessageShape<Input>, call: Call) => AsyncIterable<MessageInitShape<Output>>,
): Method {
  const handlerFor: Method["handlerFor"] = (context, isOpen) => {
    const handler: handleServerStreamingCall<Buffer, Buffer> = (grpcCall) => {
      const fail = (failure: ReturnType<typeof failureOf>) => void grpcCall.emit("error", failure);
      return inCall({ method, grpcCall, context, isOpen, fail }, async (call) => {
        const messages = handle(decode(method.input, grpcCall.request), call);
        const connection = context.connections.get(grpcCall.getPeer());
        const toBytes = (message: MessageInitShape<Output>) => encode(method.output, message);
        await writeAll(messages, grpcCall, { encode: toBytes, signal: call.signal, connection });
        if (context.closing.aborted) throw new SoloError("unreachable", "the kernel is stopping");
        grpcCall.end();
      });
    };
    return handler;
  };
  return { name: method.name, definition: definitionOf(method), handlerFor };
}

interface Answering {
  readonly method: DescMethod;
  readonly grpcCall: Parameters<typeof openCall>[0];
  readonly context: GrpcContext;
  readonly isOpen: boolean;
  readonly fail: (failure: ReturnType<typeof failureOf>) => void;
}

/** Opens a call, answers it, and tells how it ended. */
function inCall({ method, grpcCall, context, isOpen, fail }: Answering, answer: (call: OpenCall) => Promise<void>) {
  return context.inWork.run(async () => {
    const requestId = greet(grpcCall, context);
    const ended = timed(method, context);
    let call: OpenCall | undefined;
    try {
      call = openCall(grpcCall, requestId, context, isOpen);
      await answer(call);
      ended(status.OK);
    } catch (thrown) {
      const failure = failureOf(thrown, requestId, context);
      fail(failure);
      ended(failure.code);
    } finally {
      call?.release();
    }
  });
}

/** A method that answers each message of a stream by one; open to all. */
export function bidiStreaming<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodBiDiStreaming<Input, Output>,
  handle: (request: MessageShape<Input>) => MessageInitShape<Output>,
): Method {
  const handlerFor: Method["handlerFor"] = (context) => {
    const handler: handleBidiStreamingCall<Buffer, Buffer> = async (grpcCall) => {
      const requestId = greet(grpcCall, context);
      async function* answers() {
        for await (const request of grpcCall) yield handle(decode(method.input, request));
      }
      try {
        const connection = context.connections.get(grpcCall.getPeer());
        const toBytes = (message: MessageInitShape<Output>) => encode(method.output, message);
        await writeAll(answers(), grpcCall, { encode: toBytes, signal: context.closing, connection });
        grpcCall.end();
      } catch (thrown) {
        // A client that goes in the middle has nobody left to be told anything.
        if (!grpcCall.cancelled) grpcCall.emit("error", failureOf(thrown, requestId, context));
      }
    };
    return handler;
  };
  return { name: method.name, definition: definitionOf(method), handlerFor };
}

/** Tells how long a call took, once it is known how it ended. */
function timed({ name }: DescMethod, { onEnd }: GrpcContext): (code: status | undefined) => void {
  if (onEnd === undefined) return () => undefined;
  const begun = performance.now();
  return (code) => onEnd(name, status[code ?? status.UNKNOWN], performance.now() - begun);
}

/** Of a method under HTTP/2. */
export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

function definitionOf(method: DescMethod): Method["definition"] {
  const { methodKind } = method;
  const asItIs = (bytes: Buffer) => bytes;
  return {
    path: pathOf(method),
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
}

/** @throws SoloError `invalid_request` */
function decode<Schema extends DescMessage>(schema: Schema, bytes: Buffer): MessageShape<Schema> {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    throw new SoloError("invalid_request", `the message is no ${schema.typeName}`, { cause });
  }
}

function encode<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
