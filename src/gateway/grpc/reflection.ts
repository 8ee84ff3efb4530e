import { type DescFile, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { file_grpc_health_v1_health, Health } from "../../api/proto/grpc/health/v1/health.gen.ts";
import {
  file_grpc_reflection_v1_reflection,
  ServerReflection,
  type ServerReflectionRequestSchema,
  type ServerReflectionResponseSchema,
} from "../../api/proto/grpc/reflection/v1/reflection.gen.ts";
import {
  file_grpc_reflection_v1alpha_reflection,
  ServerReflection as OldServerReflection,
} from "../../api/proto/grpc/reflection/v1alpha/reflection.gen.ts";
import { file_solo_v1_solo, SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { bidiStreaming, type Method, pathOf } from "./method.ts";

type Request = MessageShape<typeof ServerReflectionRequestSchema>;
type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<Response["messageResponse"]>;

const reflection = bidiStreaming(ServerReflection.method.serverReflectionInfo, reflect);

/** The standard reflection service. */
export const reflectionMethods: readonly Method[] = [reflection];
/** The same for older tools: its messages have other names, and are the same bytes. */
export const oldReflectionMethods: readonly Method[] = [
  {
    ...reflection,
    definition: { ...reflection.definition, path: pathOf(OldServerReflection.method.serverReflectionInfo) },
  },
];

const services = [SoloKernel, Health, ServerReflection, OldServerReflection];
/** None of them imports another file. */
const files: readonly DescFile[] = [
  file_solo_v1_solo,
  file_grpc_health_v1_health,
  file_grpc_reflection_v1_reflection,
  file_grpc_reflection_v1alpha_reflection,
];

function reflect(originalRequest: Request): Response {
  return {
    validHost: originalRequest.host,
    originalRequest,
    messageResponse: answerOf(originalRequest.messageRequest),
  };
}

function answerOf(request: Request["messageRequest"]): Answer {
  switch (request.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: services.map(({ typeName: name }) => ({ name })) },
      };
    case "fileByFilename":
      return fileAnswer(files.find(({ proto }) => proto.name === request.value));
    case "fileContainingSymbol":
      return fileAnswer(files.find((file) => holds(file, request.value)));
    case "fileContainingExtension":
      return notFound("there are no extensions");
    case "allExtensionNumbersOfType":
      return files.some((file) => holds(file, request.value))
        ? { case: "allExtensionNumbersResponse", value: { baseTypeName: request.value } }
        : notFound("no such type");
    case undefined:
      return { case: "errorResponse", value: { errorCode: status.INVALID_ARGUMENT, errorMessage: "nothing is asked" } };
  }
}

function fileAnswer(file: DescFile | undefined): Answer {
  if (file === undefined) return notFound("no such file or symbol");
  const fileDescriptorProto = [toBinary(FileDescriptorProtoSchema, file.proto)];
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode: status.NOT_FOUND, errorMessage } };
}

/** Whether a file declares a service, a method, a message, a field or an enum of that full name. */
function holds({ services, messages, enums }: DescFile, symbol: string): boolean {
  const isWithin = (typeName: string, members: readonly { readonly name: string }[]) =>
    symbol === typeName || members.some(({ name }) => symbol === `${typeName}.${name}`);
  return (
    services.some(({ typeName, methods }) => isWithin(typeName, methods)) ||
    messages.some(
      ({ typeName, fields, nestedEnums, nestedMessages }) =>
        isWithin(typeName, fields) || [...nestedEnums, ...nestedMessages].some((nested) => nested.typeName === symbol),
    ) ||
    enums.some(({ typeName, values }) => isWithin(typeName, values))
  );
}
